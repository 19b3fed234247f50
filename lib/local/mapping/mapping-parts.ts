import type { StreamPort } from '../../connectors/stream-port.ts';
import type { Clock } from '../../core/clock.ts';
import type { Random } from '../../core/random.ts';
import type { FunctionHost } from '../containers/function-host.ts';
import type { FailureDocument } from './failure-document.ts';
import type { RecordFilter } from './filter-criteria.ts';
import type { MappingCounts, MappingObserver } from './mapping-observer.ts';
import type { ResolvedMappingOptions } from './mapping-options.ts';

/** What all shards and lanes of one mapping share. */
export interface MappingParts {
  readonly options: ResolvedMappingOptions;
  readonly streams: StreamPort;
  readonly host: FunctionHost;
  readonly clock: Clock;
  readonly random: Random;
  readonly filter: RecordFilter;
  readonly observer: Required<MappingObserver>;
  readonly counts: MappingCounts;
  readonly destinationOnFailure: ((document: FailureDocument) => Promise<void>) | undefined;
  readonly streamArn: string;
  readonly roleArn: string;
  readonly functionArn: string;
}
