import type { Task } from './task.ts';

/** An entry of keyed state with its map slots and strings, roughly. */
const ENTRY_BYTES = 256;
/** A task without keyed state. */
const TASK_BYTES = 64 * 1024;

/** A container's tasks, the least recently used forgotten first. Any container may be given any shard. */
export class TaskCache {
  readonly #maxBytes: number;
  readonly #tasks = new Map<string, Task>();

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  async get(shardId: string, make: () => Promise<Task>): Promise<Task> {
    const known = this.#tasks.get(shardId);
    const task = known ?? (await make());
    // Two shards may come at once: whoever was first wins, so that a shard never has two tasks in one container.
    const current = this.#tasks.get(shardId) ?? task;
    this.#tasks.delete(shardId);
    this.#tasks.set(shardId, current);
    this.#evict(current);
    return current;
  }

  /** Forgets all of them. What is under way ends by itself. */
  clear(): void {
    this.#tasks.clear();
  }

  #evict(current: Task): void {
    let bytes = 0;
    for (const task of this.#tasks.values()) bytes += sizeOf(task);
    for (const [shardId, task] of this.#tasks) {
      if (bytes <= this.#maxBytes || task === current) return;
      this.#tasks.delete(shardId);
      bytes -= sizeOf(task);
    }
  }
}

const sizeOf = (task: Task): number => TASK_BYTES + (task.isLoaded ? task.state.keyed.entryCount * ENTRY_BYTES : 0);
