import { type Mutation, one, tested } from './mutation.ts';

/** What is missing has to be noticed: each way of noticing, broken. */
export const gapMutations: readonly Mutation[] = [
  one(
    'a mapping skips records, or they expire',
    'the retention is not looked at',
    'runtime/probe.ts',
    'nowMs - (retentionMs - RETENTION_MARGIN_MS);',
    'nowMs - (retentionMs + RETENTION_MARGIN_MS * 1e9);',
  ),
  one(
    'a mapping skips records, or they expire',
    'a tick does not look whether records wait',
    'runtime/tick.ts',
    '.start)) !== undefined)\n    return undefined;',
    ".start)) !== undefined)\n    void 'they wait';",
  ),
  one(
    'a mapping skips records, or they expire',
    'nobody looks whether records lie between the position and a batch',
    'runtime/task.ts',
    'await this.#input.probe?.(position, first);',
    'void first;',
  ),
  one(
    'a mapping skips records, or they expire',
    'a container that was away for long trusts that nothing was skipped',
    'runtime/task.ts',
    'if (isFirst && !this.#isRecent() && (position',
    'if (isFirst && this.#lastSuccessMs === undefined && (position',
  ),
  one(
    'a mapping skips records, or they expire',
    'outputs of a batch that the mapping gave up are trusted to be out',
    'runtime/task.ts',
    'this.#head.prepare(this.#isRecent() ? records[0] : undefined, deadline)',
    'this.#head.prepare(records[0], deadline)',
  ),
  tested(
    'regression/head-of-a-closed-shard.test.ts',
    one(
      'a mapping skips records, or they expire',
      'what a closed shard says last waits for an operator',
      'runtime/hand-over.ts',
      '    await this.#sendHeadsBefore(shard, asked, deadline);\n',
      '',
    ),
  ),
  tested(
    'unit/lambda/guards.test.ts',
    one(
      'a mapping skips records, or they expire',
      'a mapping may give up after some tries',
      'runtime/guards.ts',
      'MaximumRetryAttempts !== unlimited,',
      'MaximumRetryAttempts < unlimited,',
    ),
  ),
  tested(
    'unit/lambda/guards.test.ts',
    one(
      'two invocations work on one shard',
      'a mapping may have parallel batches of a shard',
      'runtime/guards.ts',
      'ParallelizationFactor !== 1,',
      'ParallelizationFactor < 1,',
    ),
  ),
];
