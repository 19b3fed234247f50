import * as z from 'zod';
import type { Aggregator } from '../aggregates/aggregator.ts';
import type { Sink } from '../connectors/sink.ts';
import { checkDistance, checkDuration } from '../core/check-duration.ts';
import { checkOptions, invalidOption } from '../core/check-options.ts';
import { definitionError } from '../errors/millrace-error.ts';
import { checkEncodes } from '../graph/check-encodes.ts';
import { checkSink } from '../graph/check-sink.ts';
import type {
  AnyAggregator,
  Crossing,
  FilterNode,
  FlatMapNode,
  Key,
  KeyByNode,
  MapNode,
} from '../graph/logical-graph.ts';
import type { WindowAssigner } from '../windows/window-assigner.ts';
import type { Windowed } from '../windows/windowed.ts';
import {
  checkAggregators,
  checkAssigner,
  checkFunction,
  checkIsSink,
  intervalJoinOptionsShape,
  mapOptionsShape,
  storedOptionsShape,
  windowOptionsShape,
} from './check-arguments.ts';
import type { GraphBuilder } from './graph-builder.ts';
import type {
  AggregateResults,
  ElementOf,
  IntervalJoinOptions,
  Joined,
  JoinedStream,
  KeyedStream,
  ReadonlyDeep,
  StoredOptions,
  Stream,
  WindowedStream,
  WindowOptions,
} from './stream.ts';

interface SchemaOption<U> {
  readonly schema: z.ZodType<U>;
}

/** Where a stream comes from: an operator of a pipeline, and how its records cross a repartition. */
interface Origin {
  readonly builder: GraphBuilder;
  readonly id: string;
  readonly crossing: Crossing;
}

/**
 * A stream as the builder knows it. The graph holds functions and values of every type, so what the public interfaces know
 * of types ends here.
 */
export class UnkeyedStream<T> implements Stream<T> {
  readonly #origin: Origin;

  constructor(origin: Origin) {
    this.#origin = origin;
  }

  filter<U extends T>(id: string, predicate: (value: T) => value is U): Stream<U>;
  filter(id: string, predicate: (value: T) => boolean): Stream<T>;
  filter(id: string, predicate: (value: T) => boolean): Stream<T> {
    const { builder, crossing } = this.#origin;
    checkFunction(builder.begin(id), 'predicate', predicate);
    builder.append({ id, kind: 'filter', input: this.#origin.id, predicate: predicate as FilterNode['predicate'] });
    return new UnkeyedStream({ builder, id, crossing });
  }

  map<U, const R extends ReadonlyDeep<U>>(id: string, fn: (value: T) => R, options: SchemaOption<U>): Stream<U>;
  map<U>(id: string, fn: (value: T) => U): Stream<U>;
  map(id: string, fn: (value: T) => unknown, options: object = {}): Stream<never> {
    const { builder } = this.#origin;
    const schema = beginMap(builder, id, fn, options);
    builder.append({ id, kind: 'map', input: this.#origin.id, transform: fn as MapNode['transform'], schema });
    return new UnkeyedStream({ builder, id, crossing: schema });
  }

  flatMap<U, const R extends ReadonlyDeep<U>>(
    id: string,
    fn: (value: T) => Iterable<R>,
    options: SchemaOption<U>,
  ): Stream<U>;
  flatMap<U>(id: string, fn: (value: T) => Iterable<U>): Stream<U>;
  flatMap(id: string, fn: (value: T) => Iterable<unknown>, options: object = {}): Stream<never> {
    const { builder } = this.#origin;
    const schema = beginMap(builder, id, fn, options);
    builder.append({ id, kind: 'flatMap', input: this.#origin.id, transform: fn as FlatMapNode['transform'], schema });
    return new UnkeyedStream({ builder, id, crossing: schema });
  }

  union<const S extends readonly [Stream<unknown>, ...Stream<unknown>[]]>(
    id: string,
    ...others: S
  ): Stream<T | ElementOf<S[number]>> {
    const { builder, crossing } = this.#origin;
    const owner = builder.begin(id);
    const origins = [this.#origin, ...others.map((other) => requireOwn(owner, builder, UnkeyedStream.originOf(other)))];
    const inputs = new Set(origins.map((origin) => origin.id));
    if (others.length === 0 || inputs.size < origins.length) throw unionOfOneStream(owner, id);
    builder.append({ id, kind: 'union', inputs: [...inputs] });
    const isShared = origins.every((origin) => origin.crossing === crossing);
    return new UnkeyedStream({ builder, id, crossing: isShared ? crossing : undefined });
  }

  keyBy<K extends Key>(id: string, fn: (value: T) => K): KeyedStream<K, T> {
    const { builder, crossing, id: input } = this.#origin;
    const owner = builder.begin(id);
    checkFunction(owner, 'the key function', fn);
    if (crossing !== undefined) checkEncodes(owner, 'the schema of its stream', crossing);
    builder.append({ id, kind: 'keyBy', input, keyOf: fn as KeyByNode['keyOf'], crossing });
    return new GroupedStream({ builder, id, crossing });
  }

  sink(id: string, sink: Sink<T>, options: StoredOptions = {}): void {
    const { builder, id: input } = this.#origin;
    const owner = builder.begin(id);
    checkIsSink(owner, sink);
    checkSink(id, sink.spec, builder.delivery);
    const { renamedFrom } = checkOptions(owner, storedOptionsShape, options);
    builder.append({ id, kind: 'sink', input, spec: sink.spec, renamedFrom });
  }

  /** Not part of `Stream`, so it does not compile; callers from JavaScript get told. */
  window(id: string): never {
    throw definitionError(
      'INVALID_WINDOW',
      `operator '${id}': a window needs a keyed stream, and the stream '${this.#origin.id}' has no keys.`,
      "Put keyBy('some-id', (value) => …) in front of the window; for one window over everything use a constant key.",
      { operator: id, stream: this.#origin.id },
    );
  }

  /** The same. */
  intervalJoin(id: string): never {
    throw joinWithoutKey(`operator '${id}'`, id);
  }

  static originOf(stream: unknown): Origin | undefined {
    return typeof stream === 'object' && stream !== null && #origin in stream ? stream.#origin : undefined;
  }
}

class GroupedStream<K extends Key, T> implements KeyedStream<K, T> {
  readonly #origin: Origin;

  constructor(origin: Origin) {
    this.#origin = origin;
  }

  window(id: string, assigner: WindowAssigner, options: WindowOptions = {}): WindowedStream<K, T> {
    const { builder, crossing, id: input } = this.#origin;
    const owner = builder.begin(id);
    checkAssigner(owner, assigner);
    const { allowedLateness = 0, renamedFrom } = checkOptions(owner, windowOptionsShape, options);
    const allowedLatenessMs = checkDuration(owner, 'allowedLateness', allowedLateness);
    builder.append({ id, kind: 'window', input, assigner, allowedLatenessMs, renamedFrom });
    return new PaneStream({ builder, id, crossing });
  }

  intervalJoin<R>(id: string, right: KeyedStream<K, R>, options: IntervalJoinOptions): JoinedStream<K, T, R> {
    const { builder } = this.#origin;
    const owner = builder.begin(id);
    if (UnkeyedStream.originOf(right) !== undefined) throw joinWithoutKey(owner, id);
    const other = requireOwn(owner, builder, GroupedStream.originOf(right));
    const { lower, upper, renamedFrom } = checkOptions(owner, intervalJoinOptionsShape, options);
    const lowerMs = checkDistance(owner, 'lower', lower);
    const upperMs = checkDistance(owner, 'upper', upper);
    if (lowerMs > upperMs) throw emptyInterval(owner, lowerMs, upperMs);
    builder.append({ id, kind: 'intervalJoin', left: this.#origin.id, right: other.id, lowerMs, upperMs, renamedFrom });
    return new PairStream({ builder, id, crossing: pairCrossing(this.#origin.crossing, other.crossing) }, [
      this.#origin.crossing,
      other.crossing,
    ]);
  }

  static originOf(stream: unknown): Origin | undefined {
    return typeof stream === 'object' && stream !== null && #origin in stream ? stream.#origin : undefined;
  }
}

class PairStream<K extends Key, L, R> extends UnkeyedStream<Joined<K, L, R>> implements JoinedStream<K, L, R> {
  readonly #builder: GraphBuilder;
  readonly #id: string;
  readonly #sides: readonly [left: Crossing, right: Crossing];

  constructor(origin: Origin, sides: readonly [left: Crossing, right: Crossing]) {
    super(origin);
    this.#builder = origin.builder;
    this.#id = origin.id;
    this.#sides = sides;
  }

  get lateLeft(): Stream<L> {
    const builder = this.#builder;
    return new UnkeyedStream({ builder, id: builder.lateOf(this.#id, 'left'), crossing: this.#sides[0] });
  }

  get lateRight(): Stream<R> {
    const builder = this.#builder;
    return new UnkeyedStream({ builder, id: builder.lateOf(this.#id, 'right'), crossing: this.#sides[1] });
  }
}

/** Pairs cross as their parts do. */
const pairCrossing = (left: Crossing, right: Crossing): Crossing =>
  left === undefined && right === undefined
    ? undefined
    : z.object({
        key: z.union([z.string(), z.number(), z.boolean()]),
        left: left ?? z.unknown(),
        right: right ?? z.unknown(),
      });

class PaneStream<K extends Key, T> implements WindowedStream<K, T> {
  readonly #origin: Origin;

  constructor(origin: Origin) {
    this.#origin = origin;
  }

  aggregate<const A extends Readonly<Record<string, Aggregator<T, unknown, unknown>>>>(
    id: string,
    aggregators: A,
    options: StoredOptions = {},
  ): Stream<Windowed<K, AggregateResults<A>>> {
    const { builder, id: input } = this.#origin;
    const owner = builder.begin(id);
    checkAggregators(owner, aggregators);
    const { renamedFrom } = checkOptions(owner, storedOptionsShape, options);
    const copy = { ...aggregators } as Readonly<Record<string, AnyAggregator>>;
    builder.append({ id, kind: 'aggregate', input, aggregators: copy, renamedFrom });
    return new UnkeyedStream({ builder, id, crossing: undefined });
  }

  get late(): Stream<T> {
    const { builder, crossing, id } = this.#origin;
    return new UnkeyedStream({ builder, id: builder.lateOf(id), crossing });
  }
}

const beginMap = (builder: GraphBuilder, id: string, fn: unknown, options: object): Crossing => {
  const owner = builder.begin(id);
  checkFunction(owner, 'the function', fn);
  const { schema } = checkOptions(owner, mapOptionsShape, options);
  if (schema !== undefined) checkEncodes(owner, "option 'schema'", schema);
  return schema;
};

const requireOwn = (owner: string, builder: GraphBuilder, origin: Origin | undefined): Origin => {
  if (origin?.builder === builder) return origin;
  const problem =
    origin === undefined
      ? 'an argument is not a stream'
      : `the stream '${origin.id}' belongs to pipeline '${origin.builder.pipeline}'${origin.builder.pipeline === builder.pipeline ? ', defined apart' : ''}`;
  throw definitionError(
    'STREAM_OF_ANOTHER_PIPELINE',
    `${owner} of pipeline '${builder.pipeline}': ${problem}. Allowed are streams of this definition.`,
    'Define the stream from this pipeline’s own sources; between pipelines go through a Kinesis stream.',
    { owner, pipeline: builder.pipeline, stream: origin?.id },
  );
};

const joinWithoutKey = (owner: string, id: string) =>
  invalidOption(
    owner,
    'one of its streams has no keys; allowed are two keyed streams',
    "Put keyBy('some-id', (value) => …) behind each of the two streams.",
    { operator: id },
  );

const emptyInterval = (owner: string, lowerMs: number, upperMs: number) =>
  invalidOption(
    owner,
    `lower is ${lowerMs} ms and upper ${upperMs} ms; allowed is a lower bound that is not above the upper one`,
    'Exchange the two: they say how long after a left record the right one may come.',
    { lower: lowerMs, upper: upperMs },
  );

const unionOfOneStream = (owner: string, id: string) =>
  definitionError(
    'INVALID_OPTION',
    `${owner}: a union is of two or more different streams.`,
    'Name each stream once; to double records use flatMap.',
    { operator: id },
  );
