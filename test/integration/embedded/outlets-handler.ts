import { lambdaHandler } from 'millrace/lambda';
import outlets from './outlets-pipeline.ts';

export const handler = lambdaHandler(outlets);
