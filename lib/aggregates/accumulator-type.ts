import type { Aggregator } from './aggregator.ts';

type Described = Pick<Aggregator<never, unknown, unknown>, 'kind' | 'version' | 'upcasts'>;

/** Turns an accumulator of another form into one of today's. */
export type Upcast = (accumulator: unknown) => unknown;

/** The form of an aggregate's accumulators: kind and version, as `sum@1`. */
export const accumulatorTypeOf = ({ kind = 'custom', version = 1 }: Described): string => `${kind}@${version}`;

/** The other forms that an aggregate reads, as `sum@1`, with how it reads them. */
export const upcastsOf = ({ kind = 'custom', upcasts = {} }: Described): ReadonlyMap<string, Upcast> =>
  new Map(
    Object.entries(upcasts).map(([from, upcast]) => [
      /^\d+$/.test(from) ? `${kind}@${from}` : from.includes('@') ? from : `${from}@1`,
      upcast as Upcast,
    ]),
  );
