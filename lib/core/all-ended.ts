/**
 * As `Promise.all`, but rejects only when all have ended: what an invocation leaves running meets the next one in the same
 * process.
 */
export const allEnded = async <T>(promises: readonly Promise<T>[]): Promise<T[]> => {
  const outcomes = await Promise.allSettled(promises);
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  return outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
};
