import { tableLines } from '../core/text-table.ts';
import type { EdgePlan, OperatorPlan, Plan, SinkPlan, StagePlan } from './plan.ts';
import { targetName } from './target-name.ts';

/**
 * A plan as text for people: its stages with their operators, the hops between them, and what each sink holds.
 *
 * @example
 * console.log(renderPlan(revenue.plan))
 */
export const renderPlan = (plan: Plan): string =>
  [
    `pipeline ${plan.pipeline} · ${plan.delivery} · ${plan.partitions} partitions · plan ${plan.hash}`,
    ...plan.stages.map((stage) => renderStage(stage, plan)),
    ['sinks', ...table(plan.sinks.map(sinkCells))].join('\n'),
  ].join('\n\n');

const renderStage = (stage: StagePlan, plan: Plan): string => {
  const edges = new Map(plan.edges.map((edge) => [edge.id, edge]));
  const input =
    stage.input.kind === 'source'
      ? `reads stream ${stage.input.stream}${renderReading(stage.input.aggregation, stage.input.start)}`
      : `reads repartition stream ${stage.input.stream}`;
  const lines = table(stage.operators.map((operator) => operatorCells(operator, edges)));
  const hops = stage.outputs.map((id) => `  → ${renderEdge(edges.get(id)!)}`);
  return [`stage ${stage.id} · ${input}`, ...lines, ...hops].join('\n');
};

const renderReading = (aggregation: string, start: 'trim-horizon' | { readonly timestampMs: number }): string =>
  (aggregation === 'none' ? '' : `, packed by ${aggregation}`) +
  (start === 'trim-horizon' ? ', from its oldest record' : `, from ${new Date(start.timestampMs).toISOString()}`);

const renderEdge = (edge: EdgePlan): string => {
  const what = edge.by === 'key' ? 'by key' : 'by row key, so that one partition owns each row';
  const how = edge.combine === undefined ? 'record by record' : `combined for window ${edge.combine}`;
  return `stage ${edge.toStage} · ${edge.input} ${what} · ${how}`;
};

const operatorCells = (operator: OperatorPlan, edges: ReadonlyMap<string, EdgePlan>): readonly string[] => {
  const from = operator.inputs.map((id) => (edges.has(id) ? `edge ${id}` : id)).join(', ');
  return [operator.kind, operator.id, from === '' ? '' : `← ${from}`, renderDetail(operator)];
};

const sinkCells = (sink: SinkPlan): readonly string[] => [
  sink.id,
  `→ ${targetName(sink)}`,
  sink.guarantee,
  conditionOf(sink),
];

const conditionOf = ({ guarantee, kind }: SinkPlan): string => {
  switch (guarantee) {
    case 'exactly-once':
      return kind === 's3'
        ? 'objects that never change, named by their commit; nobody else writes under the prefix'
        : 'whole rows, each write fenced by its version; nobody else writes the table';
    case 'exactly-once within 5 minutes':
      return 'the queue drops repeats for 5 minutes; after a longer outage a row may be there twice, under one id';
    case 'at-least-once with ids':
      return `after a crash a ${recordNames[kind]} may be there twice; readers drop repeats by its id`;
    case 'at-least-once':
      return `after a crash a ${recordNames[kind]} may be there twice, and carries no id to tell`;
    case 'at-most-once':
      return 'sent once, after the commit; what is refused or lost is not sent again';
  }
};

const recordNames = { dynamo: 'row', kinesis: 'record', sqs: 'message', s3: 'row', http: 'request' } as const;

const renderDetail = ({ kind, detail }: OperatorPlan): string => {
  switch (kind) {
    case 'source':
      return `out of order by at most ${renderMs(detail.boundMs)}${renderIdle(detail.idle)}`;
    case 'map':
    case 'flatMap':
      return detail.schema === true ? 'with a schema' : '';
    case 'window':
      return `${renderAssigner(detail.assigner)}, allowed lateness ${renderMs(detail.allowedLatenessMs)}`;
    case 'aggregate':
      return Object.entries(detail.aggregates as Record<string, string>)
        .map(([name, aggregate]) => `${name}: ${aggregate}`)
        .join(', ');
    case 'intervalJoin':
      return renderJoin(detail);
    case 'late':
      return detail.side === undefined ? '' : `of the ${detail.side} side`;
    case 'sink':
      return renderTarget(detail);
    default:
      return '';
  }
};

const renderTarget = (detail: OperatorPlan['detail']): string => {
  const [name] = ['table', 'stream', 'queue', 'bucket', 'webhook'].filter((one) => detail[one] !== undefined);
  const { prefix = '', headers = [] } = detail as { prefix?: string; headers?: readonly string[] };
  const folder = prefix === '' ? '' : `/${prefix}`;
  return `${name} ${detail[name as string]}${folder}${headers.length === 0 ? '' : `, headers ${headers.join(', ')}`}`;
};

const renderIdle = (idle: unknown): string => {
  if (idle === undefined) return '';
  const { after, action } = idle as { after: number; action: string };
  return `, idle shards ${action} after ${renderMs(after)}`;
};

export const renderAssigner = (assigner: unknown): string => {
  const { kind, sizeMs, slideMs, offsetMs, gapMs } = assigner as Record<string, unknown>;
  if (kind === 'session') return `session, gap ${renderMs(gapMs)}`;
  const every = kind === 'sliding' ? ` every ${renderMs(slideMs)}` : '';
  return `${kind} ${renderMs(sizeMs)}${every}${offsetMs === 0 ? '' : `, offset ${renderMs(offsetMs)}`}`;
};

/** `bid within −5 s … 10 s of auction`. */
export const renderJoin = ({ left, right, lowerMs, upperMs }: Readonly<Record<string, unknown>>): string =>
  `${right} within ${renderMs(lowerMs)} … ${renderMs(upperMs)} of ${left}`;

const units = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
] as const;

/** In the greatest unit that has no remainder: `5 min`. */
export const renderMs = (durationMs: unknown): string => {
  const count = durationMs as number;
  const [unit, size] = units.find(([, unitMs]) => count !== 0 && count % unitMs === 0) ?? ['ms', 1];
  return `${count / size} ${unit}`;
};

/** Rows of cells as indented lines with aligned columns; empty columns at the end leave no spaces. */
const table = (rows: readonly (readonly string[])[]): string[] => tableLines([{}, {}, {}, {}], rows);
