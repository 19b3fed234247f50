import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

export interface MemoryInUse {
  /** Of V8's heap, after its garbage was collected; bytes. */
  readonly heapBytes: number;
  /** Buffers beside the heap; bytes. */
  readonly bufferBytes: number;
  /** Of the whole process, as the system counts it; bytes. */
  readonly residentBytes: number;
}

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Collects garbage first: what is left is in use. */
export const memoryInUse = (): MemoryInUse => {
  // What finalizers let go in the first round is collected in the second.
  collect();
  collect();
  const { heapUsed, arrayBuffers, rss } = process.memoryUsage();
  return { heapBytes: heapUsed, bufferBytes: arrayBuffers, residentBytes: rss };
};
