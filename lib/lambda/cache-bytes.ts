const MIB = 1024 * 1024;

/**
 * The rest is for Node itself, the pipeline's code, a batch and what it becomes, and for what state takes beyond the estimate
 * while a snapshot of it is encoded.
 */
const SHARE = 1 / 3;

/** Memory for state in a function: a third of what it has. `undefined`, and so the default, where Lambda does not say. */
export const cacheBytesOf = (environment: Readonly<Record<string, string | undefined>>): number | undefined => {
  const memoryMib = Number(environment.AWS_LAMBDA_FUNCTION_MEMORY_SIZE);
  return memoryMib > 0 ? Math.floor(memoryMib * MIB * SHARE) : undefined;
};
