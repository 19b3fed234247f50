import { lambdaHandler } from 'millrace/lambda';
import orders from '../../data/upgrade/orders-b.ts';

export const handler = lambdaHandler(orders);
