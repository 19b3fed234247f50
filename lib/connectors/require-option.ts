import * as z from 'zod';

/** What a sink can be required to hold; whether it does is checked with the pipeline. */
export const requireOption = z
  .enum(['exactly-once', 'at-least-once with ids'], { error: "expected 'exactly-once' or 'at-least-once with ids'" })
  .optional();
