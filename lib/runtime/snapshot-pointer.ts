import { BlobMissing } from '../commit/blob-ref.ts';
import type { CommitLog } from '../commit/commit-log.ts';
import type { Manifest } from '../commit/manifest.ts';
import type { Registry } from '../commit/registry.ts';
import { decodeManifest } from '../commit/snapshot.ts';
import { MillraceError } from '../errors/millrace-error.ts';

/** A snapshot that keeps vanishing under its reader is not being collected: it is missing. */
export const LOAD_TRIES = 5;

/** The newest snapshot that a task knows of: the log's registry, which points to it, and its manifest. */
export class SnapshotPointer {
  readonly #log: CommitLog;
  readonly #partitions: number;
  #registry: Registry | undefined;
  #manifest: Manifest | undefined;

  constructor(log: CommitLog, partitions: number) {
    this.#log = log;
    this.#partitions = partitions;
  }

  /** Of a log that is loaded. */
  get registry(): Registry {
    return this.#registry as Registry;
  }

  /** `undefined` before the first snapshot. */
  get manifest(): Manifest | undefined {
    return this.#manifest;
  }

  forget(): void {
    this.#registry = undefined;
    this.#manifest = undefined;
  }

  /** Points to a snapshot that was loaded or written. */
  set(registry: Registry, manifest: Manifest | undefined): void {
    this.#registry = registry;
    this.#manifest = manifest;
  }

  /**
   * Points to the newest snapshot.
   * @throws MillraceError `LOST_RACE` where the log was collected, `CORRUPT_BLOB` where the snapshot is missing
   * @returns whether it is another one than before
   */
  async refresh(): Promise<boolean> {
    for (let tries = 1; ; tries++) {
      const registry = (await this.#log.readRegistry(this.#partitions)) as Registry;
      if (registry.isCollected) throw this.#collected();
      if (registry.n === this.#registry?.n) return false;
      try {
        this.#manifest = await this.readManifest(registry);
      } catch (error) {
        if (!(error instanceof BlobMissing)) throw error;
        if (tries === LOAD_TRIES) throw this.missing(error);
        continue;
      }
      this.#registry = registry;
      return true;
    }
  }

  async readManifest({ manifest }: Registry): Promise<Manifest | undefined> {
    return manifest.at === 'none' ? undefined : decodeManifest(await this.#log.readPayload(manifest));
  }

  /** @throws MillraceError `LOST_RACE` */
  requireUncollected(): void {
    if (this.#registry?.isCollected) throw this.#collected();
  }

  missing(cause: unknown): MillraceError {
    return new MillraceError(
      'corrupt',
      'CORRUPT_BLOB',
      `The state of ${this.#log.unit} cannot be loaded: a part that its registry names is not there.`,
      { fix: 'Restore the state table from a backup or a savepoint.', cause },
    );
  }

  /** A child that has no log could begin with nothing; but its log is what this was waited for. */
  #collected(): MillraceError {
    return new MillraceError(
      'retryable',
      'LOST_RACE',
      `${this.#log.unit} was sealed, its children have begun, and what it held was collected.`,
      { fix: 'Nothing: its children go on.' },
    );
  }
}
