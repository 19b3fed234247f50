import { lambdaHandler } from 'millrace/lambda';
import turnover from './pipeline.ts';

export const handler = lambdaHandler(turnover);
