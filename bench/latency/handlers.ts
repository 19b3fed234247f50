import { lambdaHandler } from 'millrace/lambda';
import * as pipelines from './pipelines.ts';

export const direct = lambdaHandler(pipelines.direct);
export const windowed = lambdaHandler(pipelines.windowed);
