/** One task's commit log: a stage on one shard of one stream. A stream made again under its old name is another stream. */
export interface LogUnit {
  readonly job: string;
  readonly incarnation: number;
  readonly stage: string;
  readonly stream: string;
  readonly streamCreatedMs: number;
  readonly shardId: string;
}

/** The unit's name: partition key of its items, and what packets call their producer. */
export const unitName = (unit: LogUnit): string =>
  `${unit.job}/${unit.incarnation}/${unit.stage}/${unit.stream}@${unit.streamCreatedMs}/${unit.shardId}`;

/** What all tasks of one stage on one stream have in common, whatever the shard. */
export const familyOf = (unit: string): string => unit.slice(0, unit.lastIndexOf('/'));
