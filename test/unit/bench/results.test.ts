import { describe, expect, it } from 'vitest';
import { rowOf, timesCpu } from '../../../bench/report/results.ts';

describe('a row of the results', () => {
  it('tells what is done in a second, what it takes and what it costs', () => {
    const traffic = {
      events: 1_000_000,
      requests: 2_000,
      reads: 100,
      readUnits: 400,
      writeUnits: 10_000,
      putUnits: 100,
    };
    const measured = { wallMs: 4_000, cpuMicros: 6_000_000, parts: { source: 4_000_000, keyed: 2_000_000 }, traffic };
    expect(rowOf('tumbling', 'some', 1_000_000, [measured], true)).toEqual({
      work: 'tumbling',
      engine: 'some',
      events: 1_000_000,
      eventsPerSecond: 250_000,
      cpuMicrosPerEvent: 6,
      cpuMicrosOfRounds: [6],
      partMicrosPerEvent: { source: 4, keyed: 2 },
      requestsPer1000: 2,
      readsPer1000: 0.1,
      writeUnitsPer1000: 10,
      readUnitsPer1000: 0.4,
      // 10,000 writes at $0.625, 400 reads at $0.125 and 100 puts at $0.014 a million.
      usdPerMillion: 0.006301,
      resultsEqual: true,
    });
  });

  it('reckons traffic for the events that it was for', () => {
    const traffic = { events: 500, requests: 10, reads: 0, readUnits: 0, writeUnits: 20, putUnits: 0 };
    const row = rowOf('tumbling', 'some', 1_000, [{ wallMs: 1, cpuMicros: 1, traffic }], true);
    expect(row).toMatchObject({ requestsPer1000: 20, writeUnitsPer1000: 40, usdPerMillion: 0.025 });
    const nothing = rowOf(
      'tumbling',
      'some',
      1_000,
      [{ wallMs: 1, cpuMicros: 1, traffic: { ...traffic, events: 0 } }],
      true,
    );
    expect(nothing.requestsPer1000).toBeNull();
  });

  it('has no bill for what stays on its machine', () => {
    const row = rowOf('tumbling', 'some', 1_000, [{ wallMs: 1, cpuMicros: 2_500 }], null);
    expect(row).toMatchObject({
      cpuMicrosPerEvent: 2.5,
      requestsPer1000: null,
      usdPerMillion: null,
      resultsEqual: null,
    });
  });

  it('is that of the round in the middle by CPU, whole', () => {
    const rounds = [
      { wallMs: 1_000, cpuMicros: 9_000, parts: { source: 9_000 } },
      { wallMs: 4_000, cpuMicros: 4_000, parts: { source: 4_000 } },
      { wallMs: 2_000, cpuMicros: 5_000, parts: { source: 5_000 } },
    ];
    expect(rowOf('tumbling', 'some', 1_000, rounds, true)).toMatchObject({
      eventsPerSecond: 500,
      cpuMicrosPerEvent: 5,
      cpuMicrosOfRounds: [9, 4, 5],
      partMicrosPerEvent: { source: 5 },
    });
  });

  it('is compared round by round, as the machine may run twice as fast in one of them', () => {
    const row = (...micros: number[]) =>
      rowOf(
        'tumbling',
        'some',
        1,
        micros.map((cpuMicros) => ({ wallMs: 1, cpuMicros })),
        true,
      );
    // The middle ones are 30 and 4: seven and a half times.
    expect(timesCpu(row(40, 30, 12), row(8, 3, 4))).toBe(5);
  });
});
