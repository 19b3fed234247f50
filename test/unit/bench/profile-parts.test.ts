import { describe, expect, it } from 'vitest';
import { collectorPart, partsOfProfile } from '../../../bench/report/profile-parts.ts';

const node = (id: number, functionName: string, url: string, children: readonly number[] = []) => ({
  id,
  callFrame: { functionName, url: url === '' ? '' : `file:///some/bench/${url}` },
  children,
});

describe('the parts of a profile', () => {
  it('are those of the files that run, or that call what runs', () => {
    const nodes = [
      node(1, '(root)', '', [2, 9]),
      node(2, 'invoke', 'lib/lambda/stage-function.ts', [3, 5]),
      node(3, 'parseJson', 'lib/operators/source.ts', [4]),
      node(4, 'decodeUTF8', ''),
      node(5, 'parse', 'node_modules/zod/v4/core/parse.js'),
      node(9, '(garbage collector)', ''),
    ];
    const profile = { nodes, samples: [3, 4, 5, 4, 9], timeDeltas: [10, 20, 5, 30, 7] };
    expect([...partsOfProfile(profile)]).toEqual([
      ['UTF-8, JSON, event time', 60],
      [collectorPart, 7],
      ['zod', 5],
    ]);
  });

  it('go on after a wait, when nobody has called any more', () => {
    const nodes = [node(1, '(root)', '', [2]), node(2, 'append', 'lib/commit/commit-log.ts')];
    expect([...partsOfProfile({ nodes, samples: [2], timeDeltas: [4] })]).toEqual([
      ['commit: encoding, compression, log', 4],
    ]);
  });

  it('are not what the bench does around invocations', () => {
    const nodes = [
      node(1, '(root)', '', [2]),
      node(2, 'run', 'bench/engines/millrace/measured-job.ts', [3, 4]),
      node(3, 'putRecords', 'lib/memory/memory-streams.ts'),
      node(4, 'invoke', 'lib/lambda/stage-function.ts', [5]),
      node(5, 'put', 'lib/memory/memory-item-store.ts', []),
    ];
    const profile = { nodes, samples: [2, 3, 5], timeDeltas: [1, 2, 4] };
    expect([...partsOfProfile(profile)]).toEqual([['item store', 4]]);
  });
});
