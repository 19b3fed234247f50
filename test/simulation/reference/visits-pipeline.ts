import {
  boundedOutOfOrderness,
  count,
  definePipeline,
  dynamoSink,
  kinesisSink,
  kinesisSource,
  milliseconds,
  type Pipeline,
  session,
  sliding,
} from 'millrace';
import * as z from 'zod';

const BOUND_MS = 4_000;

const Visit = z.object({ user: z.string(), at: z.int() });
const Session = z.object({ user: z.string(), start: z.int(), end: z.int(), visits: z.int() });

const sessions = session(milliseconds(6_000));
const overlapping = sliding(milliseconds(7_500), milliseconds(3_000));

/** Visits of users in sessions, or in windows that overlap, into a fenced table and an append sink: judged by a run without faults. */
export const visitsPipeline = (windows: 'sessions' | 'sliding'): Pipeline =>
  definePipeline(windows, {}, (p) => {
    const rows = p
      .source(
        'visits',
        kinesisSource({
          stream: 'visits',
          schema: Visit,
          eventTimeMs: (visit) => visit.at,
          watermarks: boundedOutOfOrderness(milliseconds(BOUND_MS)),
        }),
      )
      .keyBy('by-user', (visit) => visit.user)
      .window('sessions', windows === 'sessions' ? sessions : overlapping)
      .aggregate('visit-count', { visits: count() })
      .map('session', ({ key, window, value }) => ({
        user: key,
        start: window.startMs,
        end: window.endMs,
        visits: value.visits,
      }));
    rows.sink('table', dynamoSink({ table: 'sessions', schema: Session, key: ['user', 'start'], streamKey: 'user' }));
    rows.sink('ended', kinesisSink({ stream: 'ended', schema: Session, partitionKey: (row) => row.user }));
  });

/** On time, whichever shard they land in. */
export const makeVisits = (random: { fraction(): number }, size: number) =>
  Array.from({ length: size }, (_, i) => ({
    source: 'visits',
    value: {
      user: `u${Math.floor(random.fraction() * 4)}`,
      at: 1_000_000 + i * 1_500 - Math.floor(random.fraction() * BOUND_MS),
    },
    partitionKey: `p${Math.floor(random.fraction() * 50)}`,
  }));
