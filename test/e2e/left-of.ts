import type { Cloud } from './cloud.ts';

const nothing = { functions: 0, mappings: 0, rules: 0, streams: 0, tables: 0, queues: 0 };

/**
 * Looks what is there of a stack, by kind.
 * @param allowed what its removal leaves; the rest is gone
 * @throws Error with what is there, where it is something else
 */
export const requireLeft = async (
  cloud: Cloud,
  stack: string,
  allowed: Partial<typeof nothing> = {},
): Promise<void> => {
  const count = (names: readonly string[]) => names.filter((name) => name.includes(stack)).length;
  const have = {
    functions: count((await cloud.functions()).map(({ name }) => name)),
    mappings: count((await cloud.mappings()).map(({ FunctionArn }) => FunctionArn)),
    rules: count(await cloud.rules()),
    streams: count(await cloud.streams()),
    tables: count(await cloud.tables()),
    queues: count(await cloud.queues()),
  };
  const want = { ...nothing, ...allowed };
  if (JSON.stringify(have) !== JSON.stringify(want))
    throw new Error(`${stack} left ${JSON.stringify(have)}, and should leave ${JSON.stringify(want)}`);
};
