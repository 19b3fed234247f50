import type { Cloud } from './cloud.ts';

/** The versions of a stack's functions that its mappings invoke, ascending. */
export const mappedVersions = async (cloud: Cloud, stack: string): Promise<readonly number[]> =>
  (await cloud.mappings())
    .filter(({ FunctionArn }) => FunctionArn.includes(stack))
    .map(({ FunctionArn }) => Number(FunctionArn.split(':').at(-1)))
    .sort((a, b) => a - b);
