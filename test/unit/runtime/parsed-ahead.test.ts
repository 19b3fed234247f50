import { boundedOutOfOrderness, definePipeline, kinesisSink, kinesisSource, milliseconds } from 'millrace';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { aggregate } from '../../../lib/connectors/kpl/aggregate.ts';
import { JsonBatch } from '../../../lib/core/json-batch.ts';
import { NOT_PARSED, ParsedAhead } from '../../../lib/runtime/parsed-ahead.ts';
import { finish } from '../../support/finish.ts';
import { quarantined } from '../../support/quarantined.ts';
import { World } from '../../support/world.ts';

const bytes = (text: string) => ({ data: Buffer.from(text) });

describe('records parsed ahead', () => {
  it('have their values in order', () => {
    const list = Array.from({ length: 300 }, (_, i) => bytes(`{"i":${i}}`));
    const ahead = new ParsedAhead(new JsonBatch(), list);
    expect(list.map((_, i) => ahead.at(i))).toEqual(list.map((_, i) => ({ i })));
  });

  it('may come in base64, and then their bytes are never made', () => {
    const record = {
      base64: Buffer.from('[1]').toString('base64'),
      get data(): Uint8Array {
        throw new Error('made');
      },
    };
    expect(new ParsedAhead(new JsonBatch(), [record]).at(0)).toEqual([1]);
  });

  it('are left to be looked at alone near one that is no JSON, and nowhere else', () => {
    const list = Array.from({ length: 1_000 }, (_, i) => bytes(i === 500 ? '{' : '1'));
    const ahead = new ParsedAhead(new JsonBatch(), list);
    const alone = list.map((_, i) => i).filter((i) => ahead.at(i) === NOT_PARSED);
    expect(alone).toContain(500);
    expect(alone.length).toBeLessThanOrEqual(64);
  });

  it('do without one that aggregates others', () => {
    const [aggregated] = aggregate([
      { partitionKey: 'p', ...bytes('1') },
      { partitionKey: 'p', ...bytes('2') },
    ]);
    const list = [bytes('1'), aggregated as { data: Uint8Array }, bytes('2')];
    const ahead = new ParsedAhead(new JsonBatch(), list);
    expect(list.map((_, i) => ahead.at(i))).toEqual([1, NOT_PARSED, 2]);
  });

  it('do without what must not be computed', () => {
    const ahead = new ParsedAhead(
      new JsonBatch(),
      [1, 2, 3, 4].map((i) => bytes(`${i}`)),
      (i) => i === 0 || i === 2,
    );
    expect([0, 1, 2, 3].map((i) => ahead.at(i))).toEqual([NOT_PARSED, 2, NOT_PARSED, 4]);
  });

  it('are not many more than were computed, since a commit may end anywhere', () => {
    let looked = 0;
    const list = Array.from({ length: 1_000 }, () => ({
      get data() {
        looked++;
        return Buffer.from('1');
      },
    }));
    const ahead = new ParsedAhead(new JsonBatch(), list);
    for (let computed = 1; computed <= list.length; computed++) {
      ahead.at(computed - 1);
      expect(looked).toBeLessThanOrEqual(Math.min(2 * computed, computed + 64) + 8);
    }
  });
});

const Event = z.object({ i: z.int() });

const pipeline = definePipeline('ahead', { quarantine: { maxFraction: 1 } }, (p) => {
  p.source(
    'in',
    kinesisSource({
      stream: 'in',
      schema: Event,
      eventTimeMs: ({ i }) => i,
      watermarks: boundedOutOfOrderness(milliseconds(0)),
      aggregation: 'kpl',
    }),
  ).sink('out', kinesisSink({ stream: 'out', schema: Event, partitionKey: () => 'p' }));
});

/** What becomes of records that are one batch. */
const outcomeOf = async (texts: readonly (string | Uint8Array)[]) => {
  const world = new World({ pipeline, seed: 1, shards: 1 });
  await world.send(texts.map((text) => ({ partitionKey: 'p', data: Buffer.from(text) })));
  await finish(world, { containerOf: (stage) => world.container(stage), batchSize: () => 1_000 });
  return {
    values: world.appended<z.infer<typeof Event>>('out').map(({ i }) => i),
    rejected: (await quarantined(world)).map(({ code, message, payload }) => ({ code, message, payload })),
  };
};

const problemWith = (text: string): string => {
  try {
    JSON.parse(text);
    return 'none';
  } catch (error) {
    return (error as Error).message;
  }
};

describe('a batch of records', () => {
  it('that only together are JSON rejects each of them, with its own message', async () => {
    const forged = ['{"a":[{}', '{}]}', '{},0,{}'];
    const { values, rejected } = await outcomeOf(['{"i":0}', ...forged, '{"i":1}']);
    expect(values).toEqual([0, 1]);
    expect(rejected).toEqual(
      forged.map((text) => ({
        code: 'NOT_JSON',
        message: problemWith(text),
        payload: Buffer.from(text).toString('base64'),
      })),
    );
  });

  it('reads a byte order mark, blanks and more fields than it knows as it does of one alone', async () => {
    const { values, rejected } = await outcomeOf(['{"i":0}', '\uFEFF{"i":1}', ' {"more":[],"i":2}\n', '{"i":"3"}', '']);
    expect(values).toEqual([0, 1, 2]);
    expect(rejected.map(({ code }) => code)).toEqual(['SCHEMA', 'NOT_JSON']);
  });

  it('holds plain records and aggregates in any order', async () => {
    const one = (i: number) => ({ partitionKey: 'p', data: Buffer.from(`{"i":${i}}`) });
    const packed = (from: number, to: number) =>
      aggregate(Array.from({ length: to - from }, (_, k) => one(from + k)))[0]?.data as Uint8Array;
    const { values, rejected } = await outcomeOf([
      one(0).data,
      packed(1, 100),
      one(100).data,
      one(101).data,
      packed(102, 104),
    ]);
    expect(values).toEqual(Array.from({ length: 104 }, (_, i) => i));
    expect(rejected).toEqual([]);
  });
});
