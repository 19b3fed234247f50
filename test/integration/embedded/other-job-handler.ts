/** The revenue pipeline under another name: a job that finds a table which is not its own. */
import { lambdaHandler } from 'millrace/lambda';
import revenue from '../../../functions/revenue/pipeline.ts';

export const handler = lambdaHandler({ ...revenue, name: 'other' });
