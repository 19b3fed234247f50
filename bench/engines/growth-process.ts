/** Millrace at full rate for a time, in its own process: it tells `growth.ts` now and then how much it has in use. */
import { MemoryItemStore } from '../../lib/memory/memory-item-store.ts';
import { generateEvents } from '../events/generate-events.ts';
import { type MemoryInUse, memoryInUse } from '../report/memory.ts';
import type { WorkId } from '../works/work.ts';
import { workOf } from '../works/works.ts';
import { type BatchOptions, batchesOf } from './batches.ts';
import { MeasuredJob } from './millrace/measured-job.ts';
import { TrafficMeter } from './millrace/metered-stores.ts';
import { type StoreSize, sizeOf } from './millrace/store-size.ts';

export interface GrowthOptions extends BatchOptions {
  readonly work: WorkId;
  readonly seconds: number;
  /** Equal parts of that time, with a sample at the end of each. */
  readonly parts: number;
}

/** One part of the time. */
export interface GrowthSample {
  readonly seconds: number;
  readonly events: number;
  readonly rows: number;
  /** User and system, of the invocations. */
  readonly cpuMicros: number;
  readonly memory: MemoryInUse;
  readonly table: StoreSize;
}

const { seconds, parts, work, ...batches } = JSON.parse(process.argv[2] ?? '{}') as GrowthOptions;

function* endlessEvents(): Generator<readonly string[]> {
  for (const line of generateEvents({ seed: 1, events: Number.MAX_SAFE_INTEGER })) yield [line];
}

const items = new MemoryItemStore();
const counted = { events: 0, rows: 0, cpuMicros: 0 };
const meter = new TrafficMeter();
const job = new MeasuredJob(workOf(work).pipeline, { ...batches, containers: 1 }, items, meter, () => counted.rows++);
const startMs = performance.now();
let before = { ...counted };
let sampled = 0;
for (const batch of batchesOf(endlessEvents(), batches)) {
  await job.take(batch);
  counted.events += batch.events;
  const passed = (performance.now() - startMs) / 1_000;
  if (passed < ((sampled + 1) * seconds) / parts) continue;
  counted.cpuMicros = job.cpuMicros;
  const sample: GrowthSample = {
    seconds: passed,
    events: counted.events - before.events,
    rows: counted.rows - before.rows,
    cpuMicros: counted.cpuMicros - before.cpuMicros,
    memory: memoryInUse(),
    table: sizeOf(items),
  };
  process.send?.(sample);
  before = { ...counted };
  if (++sampled === parts) break;
}
if (process.connected) process.disconnect();
