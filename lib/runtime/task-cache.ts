import type { Task } from './task.ts';

/** A task without keyed state. */
const TASK_BYTES = 64 * 1024;

/** What the tasks that are not at work may keep of the memory: the rest is for the one that is. */
const IDLE_SHARE = 0.5;

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

  /** Memory for one task's keyed state, while the others keep what they have. */
  roomFor(shardId: string): number {
    let bytes = this.#maxBytes;
    for (const [other, task] of this.#tasks) if (other !== shardId) bytes -= TASK_BYTES + task.bytes;
    return Math.max(bytes, this.#maxBytes * (1 - IDLE_SHARE));
  }

  #evict(current: Task): void {
    let bytes = 0;
    for (const task of this.#tasks.values()) if (task !== current) bytes += TASK_BYTES + task.bytes;
    for (const [shardId, task] of this.#tasks) {
      if (bytes <= this.#maxBytes * IDLE_SHARE || task === current) return;
      this.#tasks.delete(shardId);
      bytes -= TASK_BYTES + task.bytes;
    }
  }
}
