import type { PeerName } from '../compare/install-peers.ts';
import type { WorkId } from '../works/work.ts';
import type { Measured, Trial } from './trial.ts';

/** Something that does the works, in one of its settings. */
export interface Engine {
  /** Parts from the general to the special, so that a part of it chooses several: `millrace/memory/plain/2000`. */
  readonly name: string;
  readonly works: readonly WorkId[];
  /** What has to be installed. */
  readonly needs: readonly PeerName[];
  /** It is given no more than this: where each event is a request, more would only take longer. */
  readonly mostEvents?: number;
  /** In a process of its own. @throws Error with what the process says where it fails */
  run(trial: Omit<Trial, 'options'>, signal: AbortSignal): Promise<Measured>;
}
