import type { Plan } from '../../lib/graph/plan.ts';
import type { OptionalClient } from '../../lib/lambda/left-out.ts';
import { targetsOf } from './create-resources.ts';

/** Clients that the functions of a plan never call. @param blobs whether large payloads go to a bucket */
export const unusedClients = (plan: Plan, blobs: boolean): OptionalClient[] => {
  const unused: OptionalClient[] = [];
  if (!blobs && targetsOf(plan, 's3').length === 0) unused.push('s3');
  if (targetsOf(plan, 'sqs').length === 0) unused.push('sqs');
  return unused;
};
