import {
  boundedOutOfOrderness,
  definePipeline,
  httpSink,
  kinesisSource,
  type Sink,
  s3Sink,
  seconds,
  sqsSink,
} from 'millrace';
import { createPipelineTestDriver } from 'millrace/testing';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';

const Note = z.object({ id: z.string(), text: z.string() });
type Note = z.infer<typeof Note>;

const notesSource = kinesisSource({
  stream: 'notes',
  schema: Note,
  eventTimeMs: () => 0,
  watermarks: boundedOutOfOrderness(seconds(0)),
});

/** What comes of notes: the ids that the sink shows, and why the others were rejected. */
const run = async (sink: Sink<Note>, notes: readonly Note[]) => {
  const pipeline = definePipeline('notes', { quarantine: { maxFraction: 1 } }, (p) => {
    p.source('notes', notesSource)
      .map('long', ({ id, text }) => ({ id, text: text.repeat(10) }))
      .sink('out', sink);
  });
  const driver = createPipelineTestDriver(pipeline);
  for (const note of notes) await driver.send('notes', note);
  await driver.endInput();
  return {
    shown: driver.output<Note>('out').map(({ id }) => id),
    rejected: driver.quarantine().map(({ code, operator }) => `${operator} ${code}`),
  };
};

const note = (id: string, bytes: number): Note => ({ id, text: 'x'.repeat(bytes / 10) });

describe('a row that no retry would bring into the sink goes to quarantine before its commit', () => {
  it('where a message is larger than the queue takes', async () => {
    const sink = sqsSink({ queue: 'q', schema: Note });
    expect(await run(sink, [note('a', 261_000), note('b', 262_000), note('c', 10)])).toEqual({
      shown: ['a', 'c'],
      rejected: ['out TOO_LARGE'],
    });
    expect(
      (await run(sqsSink({ queue: 'q', schema: Note, maxMessageBytes: 1_048_576 }), [note('b', 262_000)])).shown,
    ).toEqual(['b']);
  });

  it('where the id of a group is none', async () => {
    const groupId = ({ id }: Note) => (id === 'throws' ? (undefined as never as string[])[0]!.trim() : id);
    const sink = sqsSink({ queue: 'q.fifo', schema: Note, groupId });
    const notes = ['', 'a b', 'ä', 'x'.repeat(129), 'throws', 'good'].map((id) => note(id, 10));
    expect(await run(sink, notes)).toEqual({
      shown: ['good'],
      rejected: [...Array(4).fill('out SINK_KEY'), 'out USER_CODE'],
    });
  });

  it('where a line is larger than an object', async () => {
    expect(await run(s3Sink({ bucket: 'all', schema: Note }), [note('a', 9_000_000), note('b', 10)])).toEqual({
      shown: ['b'],
      rejected: ['out TOO_LARGE'],
    });
  });

  it('where a body is larger than the receiver takes', async () => {
    const sink = httpSink({ url: 'https://a.example', schema: Note, maxBodyBytes: 100 });
    expect(await run(sink, [note('a', 200), note('b', 10)])).toEqual({ shown: ['b'], rejected: ['out TOO_LARGE'] });
  });
});

describe('a row', () => {
  it('stays what it was, though a function goes on with the same object', async () => {
    const again: Note = { id: '', text: '' };
    const pipeline = definePipeline('again', {}, (p) => {
      p.source('notes', notesSource)
        .map('same', ({ id }) => Object.assign(again, { id }))
        .sink('out', s3Sink({ bucket: 'all', schema: Note }));
    });
    const driver = createPipelineTestDriver(pipeline, { batchSize: 10 });
    await driver.send('notes', [note('a', 10), note('b', 10)], { shard: 0 });
    await driver.endInput();
    expect(driver.output<Note>('out').map(({ id }) => id)).toEqual(['a', 'b']);
  });
});
