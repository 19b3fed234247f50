import { accumulatorTypeOf, type Upcast, upcastsOf } from '../aggregates/accumulator-type.ts';
import { MillraceError } from '../errors/millrace-error.ts';
import type { AggregateNode, AnyAggregator, Key } from '../graph/logical-graph.ts';
import type { Journal } from '../state/journal.ts';
import type { TableChange } from '../state/state-layout.ts';
import type { Window } from '../windows/window-assigner.ts';
import type { ComputeSession, Push } from './compute-session.ts';
import { requirePlainJson } from './crossing.ts';
import { userCodeError } from './rejection-error.ts';

interface Member {
  readonly operator: string;
  readonly name: string;
  readonly aggregator: AnyAggregator;
}

/** The accumulators of one pane, in the order of the window's aggregates and of the names within each. */
export type Accumulators = readonly unknown[];

type OwnAccumulators = unknown[];

/** All aggregates of a window as one: a pane holds one list of accumulators, whatever reads it. */
export class PaneAggregates {
  readonly #members: readonly Member[];
  readonly #outputs: readonly { node: AggregateNode; names: readonly string[]; first: number; next: Push }[];

  constructor(outputs: readonly { readonly node: AggregateNode; readonly next: Push }[]) {
    const members: Member[] = [];
    this.#outputs = outputs.map(({ node, next }) => {
      const first = members.length;
      const names = Object.keys(node.aggregators);
      for (const name of names)
        members.push({ operator: node.id, name, aggregator: node.aggregators[name] as AnyAggregator });
      return { node, names, first, next };
    });
    this.#members = members;
  }

  /** The accumulators with one more record; `before` is left as it was. */
  add(before: Accumulators | undefined, value: unknown): OwnAccumulators {
    return this.#members.map((member, i) => addOne(member, before, i, value));
  }

  /** Adds one more record in place, so that the journal can undo it. Without allocation: it is on the hot path. */
  addTo(journal: Journal, accumulators: OwnAccumulators, value: unknown): void {
    for (let i = 0; i < this.#members.length; i++)
      journal.assign(accumulators, i, addOne(this.#members[i] as Member, accumulators, i, value));
  }

  merge(left: Accumulators, right: Accumulators): OwnAccumulators {
    return this.#members.map(({ operator, aggregator }, i) => {
      try {
        return aggregator.merge(left[i], right[i]);
      } catch (thrown) {
        throw userCodeError(operator, thrown);
      }
    });
  }

  /** Makes what turns accumulators of an earlier epoch into today's: those that are new begin empty. */
  upgradeFrom(sources: TableChange['accumulators']): (before: Accumulators) => Accumulators {
    const readers = this.#members.map((member, i) => {
      const source = sources[i];
      if (source === undefined) return () => member.aggregator.create();
      const { from, type } = source;
      if (type === accumulatorTypeOf(member.aggregator)) return (before: Accumulators) => before[from];
      const upcast = upcastsOf(member.aggregator).get(type);
      return (before: Accumulators) => upcasted(member, type, upcast, before[from]);
    });
    return (before) => readers.map((read) => read(before));
  }

  /** Emits a pane's results. They belong to the last instant of the window, before the watermark that fires it. */
  fire(session: ComputeSession, key: Key, window: Window, accumulators: Accumulators): void {
    for (const { node, names, first, next } of this.#outputs) {
      const value: Record<string, unknown> = {};
      for (const [i, name] of names.entries()) {
        try {
          value[name] = (node.aggregators[name] as AnyAggregator).result(accumulators[first + i]);
        } catch (thrown) {
          throw userCodeError(node.id, thrown);
        }
      }
      next(session, { key, window, value }, window.endMs - 1);
    }
  }
}

const addOne = (
  { operator, aggregator }: Member,
  before: Accumulators | undefined,
  i: number,
  value: unknown,
): unknown => {
  let after: unknown;
  try {
    after = aggregator.add(before === undefined ? aggregator.create() : before[i], value);
  } catch (thrown) {
    throw userCodeError(operator, thrown);
  }
  // Accumulators are stored: one that keeps a record keeps it as JSON, or not at all.
  return typeof after === 'object' ? requirePlainJson(operator, after) : after;
};

/** What cannot be read blocks its shard: no record is at fault, and to leave it out would lose what is stored. */
const upcasted = (
  { operator, name, aggregator }: Member,
  type: string,
  upcast: Upcast | undefined,
  accumulator: unknown,
): unknown => {
  if (upcast === undefined) {
    const reads = [accumulatorTypeOf(aggregator), ...upcastsOf(aggregator).keys()];
    throw new MillraceError(
      'operator',
      'UPCAST_FAILED',
      `The state holds an accumulator of ${type} for aggregate '${name}' of operator '${operator}', which reads ${reads.join(', ')}.`,
      {
        fix: `Put the upcast for '${type}' back and deploy again: nothing was changed. millrace upgrade refuses a plan without it.`,
        fields: { operator, aggregate: name, type, reads },
      },
    );
  }
  try {
    return requirePlainJson(operator, upcast(accumulator));
  } catch (cause) {
    throw new MillraceError(
      'operator',
      'UPCAST_FAILED',
      `Aggregate '${name}' of operator '${operator}' could not read an accumulator of ${type}: ${cause instanceof Error ? cause.message : String(cause)}.`,
      {
        fix: `Correct the upcast for '${type}' and deploy again: nothing was changed.`,
        fields: { operator, aggregate: name, type },
        cause,
      },
    );
  }
};
