/** What is used of a CPU profile as V8 writes it. */
export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string };
    readonly children?: readonly number[];
  }[];
  /** The node in which each sample was taken. */
  readonly samples: readonly number[];
  /** Microseconds before each sample. */
  readonly timeDeltas: readonly number[];
}

/** What runs in files whose path has this; the first that fits. */
const parts: readonly (readonly [part: string, path: string])[] = [
  ['event object: records, base64, mapping', 'lib/lambda/'],
  ['zod', 'node_modules/zod/'],
  ['log line and metrics', 'lib/observability/'],
  ['log line and metrics', 'node_modules/@aws-lambda-powertools/'],
  ['KPL', 'lib/connectors/kpl/'],
  ['UTF-8, JSON, event time', 'lib/operators/source'],
  ['UTF-8, JSON, event time', 'lib/core/json-batch'],
  ['UTF-8, JSON, event time', 'lib/runtime/parsed-ahead'],
  ['quick check before zod', 'lib/operators/schema-'],
  ['combining before the repartition', 'lib/operators/combine'],
  ['functions of the pipeline, windows', 'bench/works/'],
  ['functions of the pipeline, windows', 'bench/nexmark/'],
  ['functions of the pipeline, windows', 'lib/windows/'],
  ['functions of the pipeline, windows', 'lib/aggregates/'],
  ['operators', 'lib/operators/'],
  ['state in memory: overlay, journal, timers', 'lib/state/'],
  ['commit: encoding, compression, log', 'lib/commit/'],
  ['item store', 'lib/memory/'],
  ['item store', 'lib/aws/'],
  ['task loop, packets, publishing', 'lib/runtime/'],
];

export const collectorPart = 'collector of garbage, that of making events too';

/** Where an invocation begins. What goes on after a wait has no caller any more. */
const entry = 'lib/lambda/stage-function';
const driver = 'bench/engines/';

/**
 * Microseconds that invocations took in each part of Millrace, most first. What is compiled into Node belongs to whoever called it; what the
 * bench does around invocations does not count.
 */
export const partsOfProfile = ({ nodes, samples, timeDeltas }: CpuProfile): ReadonlyMap<string, number> => {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const callers = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id] as const)));
  const partOf = (id: number): string | undefined => {
    if (byId.get(id)?.callFrame.functionName === '(garbage collector)') return collectorPart;
    let part: string | undefined;
    let outermost = driver;
    for (let at: number | undefined = id; at !== undefined; at = callers.get(at)) {
      const url = byId.get(at)?.callFrame.url ?? '';
      part ??= parts.find(([, path]) => url.includes(path))?.[0];
      if (url.includes(entry)) return part;
      // Not what is compiled into Node.
      if (url.startsWith('file:')) outermost = url;
    }
    return outermost.includes(driver) ? undefined : part;
  };
  const known = new Map(nodes.map(({ id }) => [id, partOf(id)]));
  const micros = new Map<string, number>();
  samples.forEach((id, i) => {
    const part = known.get(id);
    if (part !== undefined) micros.set(part, (micros.get(part) ?? 0) + (timeDeltas[i] ?? 0));
  });
  return new Map([...micros].sort(([, a], [, b]) => b - a));
};
