import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canonical, queries, readJsonl, runQuery } from './queries.ts';
import { type Auction, answers, type Bid } from './reference.ts';

const events = join(import.meta.dirname, '../../data/nexmark/events.jsonl.gz');
const shared = join(import.meta.dirname, '../../../../shared/nexmark');

let outputDir: string;

beforeAll(() => {
  outputDir = mkdtempSync(join(tmpdir(), 'millrace-nexmark-'));
});

afterAll(() => {
  rmSync(outputDir, { recursive: true, force: true });
});

const eventsIn = <T>(path: string, kind: string): readonly T[] =>
  readJsonl(path).flatMap((event) => (kind in (event as object) ? [(event as Record<string, T>)[kind] as T] : []));

const expectedOf = (query: string, path: string): readonly string[] =>
  canonical(
    (answers[query] as (typeof answers)[string])(eventsIn<Bid>(path, 'Bid'), eventsIn<Auction>(path, 'Auction')),
  );

/** A small generator of its own, so that a failure can be repeated: mulberry32. */
const seeded = (seed: number) => {
  let state = seed;
  return (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
};

/** Events in another order, none later than four seconds behind the newest one before it: all that the queries allow. */
const shuffled = (seed: number): string => {
  const random = seeded(seed);
  const timed = readJsonl(events).map((event) => {
    const [inner] = Object.values(event as Record<string, { date_time: number }>) as [{ date_time: number }];
    return { event, at: inner.date_time + random() * 4_000 };
  });
  const path = join(outputDir, `shuffled-${seed}.jsonl`);
  const lines = timed.sort((a, b) => a.at - b.at).map(({ event }) => `${JSON.stringify(event)}\n`);
  writeFileSync(path, lines.join(''));
  return path;
};

describe('on memory', () => {
  it.each(queries)('%s gives the answer of a brute-force search', async (query) => {
    const { rows, summary } = await runQuery({ query, events, outputDir });
    expect(summary).toMatchObject({ records: 4_000, rejected: 0 });
    expect(rows).toEqual(expectedOf(query, events));
    expect(rows.length).toBeGreaterThan(0);
  });

  const seed = 20_261_121;
  it.each(queries)(`%s gives the same with three shards and four seconds of disorder (seed ${seed})`, async (query) => {
    const { rows } = await runQuery({ query, events: shuffled(seed), outputDir, shards: 3 });
    expect(rows).toEqual(expectedOf(query, events));
  });
});

describe('on the embedded engines', () => {
  it.each(['q0', 'q5', 'q11', 'q20'] as const)('%s gives the answer of a brute-force search', async (query) => {
    const { rows } = await runQuery({ query, events, outputDir, engine: 'embedded', shards: 2 });
    expect(rows).toEqual(expectedOf(query, events));
  });
});

describe.skipIf(!existsSync(shared))('on the 40,000 shared events (skipped without ../shared/nexmark)', () => {
  it.each(queries)('%s gives the answer of DuckDB', async (query) => {
    const { rows } = await runQuery({ query, events: join(shared, 'events.jsonl.gz'), outputDir });
    expect(rows).toEqual(canonical(readJsonl(join(shared, 'expected', `${query}.jsonl.gz`))));
  });

  it('gives them on the embedded engines, too', { timeout: 180_000 }, async () => {
    const { rows } = await runQuery({
      query: 'q5',
      events: join(shared, 'events.jsonl.gz'),
      outputDir,
      engine: 'embedded',
    });
    expect(rows).toEqual(canonical(readJsonl(join(shared, 'expected/q5.jsonl.gz'))));
  });
});
