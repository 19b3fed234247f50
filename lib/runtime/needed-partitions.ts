import type { CommittedState } from '../commit/committed-state.ts';
import type { CoveredRun } from '../commit/outbox.ts';
import type { StreamRecord } from '../connectors/stream-port.ts';
import { Channel } from './channel.ts';
import { intersect } from './cut-packets.ts';
import { committedHolds, decodeHold } from './hold-table.ts';
import type { KeyedTask } from './keyed-task.ts';
import type { Packet } from './packet.ts';
import { ownTables } from './task-tables.ts';

/** Packets that are looked at before they are computed, bytes as they came: they stay decoded until then. */
const AHEAD_BYTES = 1024 * 1024;

/**
 * The partitions that the next commit reads, in the order in which computing comes to them: of rows, of what has waited,
 * and of what is due then. Computing is synchronous, so they are loaded before; it stops before one that is not.
 */
export function* neededPartitions(
  task: KeyedTask,
  state: CommittedState,
  records: readonly StreamRecord[],
): Generator<number> {
  const { keyed, marks, head } = state;
  const channel = new Channel(marks);
  let ahead = 0;
  for (const record of marks.watermarkMs() > head.watermarkMs ? [] : records) {
    const packet = ahead > AHEAD_BYTES ? undefined : task.packets.peek(record);
    if (packet === undefined) return yield* neededByHolds(task, state, channel);
    ahead += record.data.length;
    for (const run of intersect(packet.runs, task.owned.from, task.owned.to)) yield* neededBy(channel, packet, run);
  }
  yield* neededByHolds(task, state, channel);
  const targetMs = Math.max(head.watermarkMs, channel.watermarkMs);
  // A bound may be past when nothing is due: of what is loaded it is known, or it would be waited for without end.
  const due = [...keyed.partitions.values()].map((partition) => ({
    lp: partition.lp,
    timerMs: partition.timerMsAt(targetMs),
  }));
  due.sort((a, b) => a.timerMs - b.timerMs);
  for (const { lp, timerMs } of due) if (timerMs <= targetMs) yield lp;
}

function* neededBy(channel: Channel, packet: Packet, run: CoveredRun): Generator<number> {
  for (const { action, run: part } of channel.judge(packet, run)) {
    if (action === 'hold') yield part.from;
    if (action !== 'apply') continue;
    for (const { lp } of packet.rows) if (lp >= part.from && lp <= part.to) yield lp;
    channel.advance(packet, part);
  }
}

/** What has waited, as far as it is next by then. */
function* neededByHolds(task: KeyedTask, state: CommittedState, channel: Channel): Generator<number> {
  const holds = committedHolds(state.keyed, ownTables(task.program.tables).holds);
  for (let progress = true; progress && holds.size > 0; ) {
    progress = false;
    for (const [key, hold] of holds) {
      const packet = decodeHold(hold);
      const run = packet.runs[0] as CoveredRun;
      if (channel.judge(packet, run).some(({ action }) => action === 'hold')) continue;
      yield* neededBy(channel, packet, run);
      holds.delete(key);
      progress = true;
    }
  }
}
