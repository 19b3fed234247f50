import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Coverage } from '../../../lib/commit/coverage.ts';
import { type HopRow, toHopRows } from '../../../lib/commit/hop-rows.ts';
import { Marks } from '../../../lib/commit/marks.ts';
import type { HopOutput } from '../../../lib/commit/outbox.ts';
import { Channel } from '../../../lib/runtime/channel.ts';
import { cutPackets } from '../../../lib/runtime/cut-packets.ts';
import { decodePacket } from '../../../lib/runtime/packet.ts';

const P = 64;

/** The partitions cut at random: what a list of shards comes down to. */
const shardMap = fc
  .uniqueArray(fc.integer({ min: 1, max: P - 1 }), { maxLength: 6 })
  .map((cuts) => [0, ...cuts.sort((a, b) => a - b), P])
  .map((edges) =>
    edges.slice(1).map((to, i) => ({ shardId: `s${i}`, range: { from: edges[i] as number, to: to - 1 } })),
  );

const rowsOf = (lps: readonly (readonly [lp: number, kilobytes: number])[]) =>
  lps.map(([lp, kilobytes]) => ({
    lp,
    edge: 0,
    timeMs: lp,
    keyJson: '"k"',
    valueJson: JSON.stringify(incompressible(lp, kilobytes)),
    endMs: undefined,
  }));

let noise = '';
const incompressible = (seed: number, kilobytes: number): string => {
  if (noise === '') {
    let state = 1;
    const words = Uint32Array.from({ length: 300_000 }, () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return state ^ (state >>> 15);
    });
    noise = Buffer.from(words.buffer).toString('base64');
  }
  return noise.slice(seed * 7, seed * 7 + kilobytes * 1_000);
};

describe('cutPackets', () => {
  it('sends each run and each row once, to the shard that owns it, in records that Kinesis takes', () => {
    const lps = fc
      .uniqueArray(fc.tuple(fc.nat({ max: P - 1 }), fc.oneof(fc.nat({ max: 3 }), fc.nat({ max: 700 }))), {
        selector: ([lp]) => lp,
        maxLength: 12,
      })
      .map((list) => list.sort(([a], [b]) => a - b));
    fc.assert(
      fc.property(shardMap, lps, fc.nat({ max: P - 1 }), (shards, filled, middle) => {
        const covers = [
          { from: 0, to: middle, prev: 3 },
          ...(middle < P - 1 ? [{ from: middle + 1, to: P - 1, prev: 4 }] : []),
        ];
        const rows = rowsOf(filled);
        const content = {
          producer: 'p',
          n: 5,
          watermarkMs: 1,
          excluded: false,
          epoch: 1,
          runs: covers,
          rows,
          children: [],
        };
        const seen: number[] = [];
        const got: HopRow[] = [];
        for (const entry of cutPackets(content, shards, P)) {
          expect(entry.data.length + entry.partitionKey.length).toBeLessThanOrEqual(1024 * 1024);
          const packet = decodePacket(entry.data);
          const target = Number((BigInt(entry.explicitHashKey as string) * BigInt(P)) >> 128n);
          const owner = shards.find(({ range }) => target >= range.from && target <= range.to);
          for (const run of packet.runs) {
            expect(run.prev).toBe(run.from <= middle ? 3 : 4);
            for (let lp = run.from; lp <= run.to; lp++) {
              seen.push(lp);
              expect(owner !== undefined && lp >= owner.range.from && lp <= owner.range.to).toBe(true);
            }
          }
          for (const { lp } of packet.rows) {
            expect(packet.runs.some((run) => lp >= run.from && lp <= run.to)).toBe(true);
          }
          got.push(...toHopRows(packet.rows));
        }
        expect(seen.sort((a, b) => a - b)).toEqual(Array.from({ length: P }, (_, lp) => lp));
        expect(got.sort((a, b) => a.lp - b.lp)).toEqual(rows);
      }),
      { numRuns: 60 },
    );
  });
});

describe('a hop', () => {
  it('applies each commit once on each partition and in order, however packets are cut, repeated and reordered', () => {
    const coverage = fc
      .tuple(fc.nat({ max: P - 1 }), fc.nat({ max: P - 1 }))
      .map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const);
    const plan = fc.record({
      commits: fc.array(coverage, { minLength: 1, maxLength: 8 }),
      maps: fc.array(shardMap, { minLength: 1, maxLength: 3 }),
      order: fc.array(fc.nat({ max: 10_000 }), { minLength: 1, maxLength: 60, size: 'max' }),
    });
    fc.assert(
      fc.property(plan, ({ commits, maps, order }) => {
        const sent = new Coverage(P);
        const expected: number[][] = Array.from({ length: P }, () => []);
        const packets = commits.flatMap((range, i) => {
          const n = i + 1;
          const hop: HopOutput = {
            stage: 's',
            watermarkMs: n,
            excluded: false,
            covers: sent.runsOver([range]),
            rows: [],
          };
          sent.apply(n, hop);
          for (let lp = range[0]; lp <= range[1]; lp++) expected[lp]?.push(n);
          const content = {
            producer: 'p',
            n,
            watermarkMs: n,
            excluded: false,
            epoch: 1,
            runs: hop.covers,
            rows: [],
            children: [],
          };
          // As published, and published again under other maps.
          return maps.flatMap((map) => cutPackets(content, map, P).map((entry) => decodePacket(entry.data)));
        });
        const applied: number[][] = Array.from({ length: P }, () => []);
        const marks = new Marks(['p'], { from: 0, to: P - 1 }, P);
        const held: (typeof packets)[number][] = [];
        const take = (packet: (typeof packets)[number]): void => {
          const channel = new Channel(marks);
          for (const run of packet.runs) {
            for (const verdict of channel.judge(packet, run)) {
              if (verdict.action === 'hold') held.push({ ...packet, runs: [verdict.run] });
              if (verdict.action !== 'apply') continue;
              channel.advance(packet, verdict.run);
              for (let lp = verdict.run.from; lp <= verdict.run.to; lp++) applied[lp]?.push(packet.n);
            }
          }
          for (const change of channel.changes) marks.apply(change);
        };
        for (const pick of order) take(packets[pick % packets.length] as (typeof packets)[number]);
        for (const packet of packets) take(packet);
        for (let rounds = 0; rounds <= commits.length; rounds++) for (const packet of held.splice(0)) take(packet);
        expect(applied).toEqual(expected);
        expect(held).toEqual([]);
      }),
    );
  });
});
