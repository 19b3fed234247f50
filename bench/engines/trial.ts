import type { WorkId } from '../works/work.ts';

/** One work that one engine does once, in a process of its own. */
export interface Trial<Options = unknown> {
  readonly work: WorkId;
  /** Lines of JSON. */
  readonly eventsFile: string;
  /** The first events of the same sequence: done before anything is measured, so that compilers have seen the code. */
  readonly warmUpFile: string;
  /** Where the process writes the rows that it has found, one a line, in any order. */
  readonly answerFile: string;
  readonly options: Options;
}

/** Requests to services, as AWS bills them. */
export interface Traffic {
  /** What it was for. */
  readonly events: number;
  /** To DynamoDB. */
  readonly requests: number;
  /** Those of them that read. */
  readonly reads: number;
  readonly readUnits: number;
  readonly writeUnits: number;
  /** Of 25 KB, put into the streams between stages. */
  readonly putUnits: number;
}

export interface Measured {
  readonly wallMs: number;
  /** Of the whole process, user and system, all threads. */
  readonly cpuMicros: number;
  /** The same for each part, where it has parts. */
  readonly parts?: Readonly<Record<string, number>>;
  readonly traffic?: Traffic;
}
