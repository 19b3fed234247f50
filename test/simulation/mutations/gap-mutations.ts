import { type Mutation, one } from './mutation.ts';

/** What is missing has to be noticed: each way of noticing, broken. */
export const gapMutations: readonly Mutation[] = [
  one(
    'the retention is not looked at',
    'runtime/probe.ts',
    'nowMs - (retentionMs - RETENTION_MARGIN_MS);',
    'nowMs - (retentionMs + RETENTION_MARGIN_MS * 1e9);',
  ),
  one(
    'a tick does not look whether records wait',
    'runtime/tick.ts',
    '.start)) !== undefined)\n    return undefined;',
    ".start)) !== undefined)\n    void 'they wait';",
  ),
];
