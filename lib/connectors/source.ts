import type { SourceSpec } from './specs.ts';

declare const elements: unique symbol;

/** A source of records of type `T`, for `p.source(id, …)`. Made by {@link kinesisSource}. */
export interface Source<out T> {
  readonly spec: SourceSpec;
  /** For the type-checker only: there is no such property. */
  readonly [elements]?: T;
}
