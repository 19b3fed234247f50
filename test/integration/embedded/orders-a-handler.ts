import { lambdaHandler } from 'millrace/lambda';
import orders from '../../data/upgrade/orders-a.ts';

export const handler = lambdaHandler(orders);
