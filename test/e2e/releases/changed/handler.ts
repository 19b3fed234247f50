import { lambdaHandler } from 'millrace/lambda';
import revenue from './pipeline.ts';

export const handler = lambdaHandler(revenue);
