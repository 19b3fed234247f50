import { type Mutation, one, tested } from './mutation.ts';

/** Handing over, each rule of it broken. */
export const reshardMutations: readonly Mutation[] = [
  one(
    'a child starts while its parent is in flight',
    'a child begins before its parents are processed to their end',
    'runtime/task.ts',
    '        if (!this.#head.isSealed) await this.#input.requireDrained(this.#head.header.position);\n',
    '',
  ),
  one(
    'a child starts while its parent is in flight',
    'a sealed log takes commits',
    'runtime/task-head.ts',
    "return this.header.kind === 'seal';",
    'return this.header.n < 0;',
  ),
  {
    row: 'a child starts while its parent is in flight',
    name: 'a child begins before the seals of its parents are published',
    patches: [
      {
        file: 'lib/runtime/task.ts',
        find: '        await this.#head.prepare(undefined, deadline);\n        if (this.#head.isSealed) return this.#head.loadAll(new Set());',
        replace:
          '        if (this.#head.isSealed) return this.#head.loadAll(new Set());\n        await this.#head.prepare(undefined, deadline);',
      },
      {
        file: 'lib/runtime/task.ts',
        find: 'await this.#head.publish(deadline).finally(() => sending);',
        replace: "if (piece.kind !== 'seal') await this.#head.publish(deadline).finally(() => sending);",
      },
    ],
  },
  one(
    'a child starts while its parent is in flight',
    'a seal does not cover every partition',
    'runtime/build-hops.ts',
    "      piece.kind === 'seal' ||\n",
    '',
  ),
  one(
    'a zombie writes an old row',
    "a child's numbers begin anew",
    'runtime/inherit.ts',
    'n: Math.max(...parents.map(({ head }) => head.n)),',
    'n: 0,',
  ),
  one(
    'a child starts while its parent is in flight',
    "a child does not remember what its parents' commits covered",
    'runtime/inherit.ts',
    'for (const coverage of state.coverage.values()) coverage.lastN.fill(state.head.n);',
    '',
  ),
  one(
    'a child starts while its parent is in flight',
    'marks are not handed over',
    'runtime/inherit.ts',
    'state.marks.apply(mark);',
    'void mark;',
  ),
  one(
    'a child starts while its parent is in flight',
    'holds are not handed over',
    'runtime/inherit.ts',
    'state.keyed.apply(state.head.n, holdsOf(parent, range));',
    'void holdsOf;',
  ),
  one(
    'a child starts while its parent is in flight',
    'state is not handed over',
    'runtime/inherit.ts',
    'partition.apply(head.n, { lp, table, key, value });',
    'void value;',
  ),
  one(
    'state is larger than memory',
    'a child takes what is in memory of a parent for all of it',
    'runtime/task.ts',
    'await this.#head.require(() => [lp]);',
    '',
  ),
  one(
    'a child starts while its parent is in flight',
    'a child keeps what its sibling owns',
    'runtime/inherit.ts',
    'lp === -1 || (lp >= from && lp <= to);',
    'lp >= -1 || (lp >= from && lp <= to);',
  ),
  tested(
    'unit/runtime/inherit.test.ts',
    one(
      'a merge joins a fast and a slow watermark',
      'a child begins under the greatest watermark of its parents',
      'runtime/inherit.ts',
      'watermarkMs: Math.min(...slowest',
      'watermarkMs: Math.max(...slowest',
    ),
  ),
  tested(
    'unit/runtime/inherit.test.ts',
    one(
      'a merge joins a fast and a slow watermark',
      'what the faster parent of a merge has closed is open again',
      'runtime/inherit.ts',
      'parents.flatMap((parent) => floorsOf(parent)),',
      '[floorsOf].slice(1) as never[],',
    ),
  ),
  one(
    'a shard is never invoked',
    'children are not learned from seals',
    'runtime/channel.ts',
    'for (const child of children) {',
    'for (const child of children.slice(children.length)) {',
  ),
  one(
    'a shard is never invoked',
    'an unborn child does not hold the watermark',
    'commit/marks.ts',
    'return status !== SEALED && status !== UNKNOWN && this.excluded[lp] === 0;',
    'return status === 0 && this.excluded[lp] === 0;',
  ),
  one(
    'a merge joins a fast and a slow watermark',
    'a sealed producer still holds the watermark',
    'commit/marks.ts',
    'return status !== SEALED && status !== UNKNOWN && this.excluded[lp] === 0;',
    'return status !== UNKNOWN && this.excluded[lp] === 0;',
  ),
  tested(
    'unit/runtime/succession.test.ts',
    one(
      'a child starts while its parent is in flight',
      'a child is active before all its parents are sealed',
      'runtime/succession.ts',
      "sealed.length === parents.length ? 'active' : 'unborn'",
      "sealed.length > 0 ? 'active' : 'unborn'",
    ),
  ),
  tested(
    'unit/runtime/succession.test.ts',
    one(
      'a child starts while its parent is in flight',
      'packets of a child that is not born are applied',
      'runtime/channel.ts',
      "if (status === 'unborn' || status === 'unknown') return 'hold';",
      '',
    ),
  ),
  one(
    'a child starts while its parent is in flight',
    "a child goes on from the least of its parents' numbers",
    'runtime/succession.ts',
    'Math.max(most, mark.n[lp] as number), 0)',
    'Math.min(most, mark.n[lp] as number), Number.MAX_SAFE_INTEGER)',
  ),
  one(
    'a merge joins a fast and a slow watermark',
    'an unborn child may begin with the greatest watermark of its parents',
    'runtime/succession.ts',
    'Math.min(least, mark.watermarkMs[lp] as number),\n      MAX_WATERMARK_MS,',
    'Math.max(least, mark.watermarkMs[lp] as number),\n      -MAX_WATERMARK_MS,',
  ),
];
