import type { StoredRow } from '../commit/hop-rows.ts';
import { keepsTable } from '../graph/layout-plan.ts';
import type {
  AggregateNode,
  IntervalJoinNode,
  JoinSide,
  KeyByNode,
  LogicalNode,
  SinkNode,
  WindowNode,
} from '../graph/logical-graph.ts';
import type { Pipeline } from '../graph/pipeline.ts';
import type { EdgePlan, StagePlan } from '../graph/plan.ts';
import { inputsOf } from '../graph/stage-assignment.ts';
import { sharesSlices } from '../windows/aligned-windows.ts';
import { compileAlignedWindow } from './aligned-window.ts';
import { compileCombine, flushCombined } from './combine.ts';
import type { ComputeSession, Push } from './compute-session.ts';
import { type CrossingCodec, crossingCodec } from './crossing.ts';
import { compileFilter } from './filter.ts';
import { compileFlatMap } from './flat-map.ts';
import { compileIntervalJoin, type JoinProgram } from './interval-join.ts';
import { compileMap } from './map.ts';
import { PaneAggregates } from './pane-aggregates.ts';
import { compileRepartition, type EdgeTarget } from './repartition.ts';
import { compileSessionWindow } from './session-window.ts';
import { compileArrivedRow, compileRowKeyHop, compileSink } from './sink.ts';
import { SlicedWindow } from './sliced-window.ts';
import { compileSource } from './source.ts';
import type { StageProgram } from './stage-program.ts';
import { compileUpgrade, type StageUpgrade } from './stage-upgrade.ts';
import { requireWindow, type StateProgram } from './state-program.ts';

/** What receives the rows of one edge. */
type Arrival = (session: ComputeSession, row: StoredRow, keyJson: string, upgrade?: StageUpgrade) => void;

/** Compiles one stage of a pipeline: its operators become functions that call each other directly. */
export const compileStage = (pipeline: Pipeline, stage: StagePlan): StageProgram =>
  new StageCompiler(pipeline, stage).compile();

class StageCompiler {
  readonly #pipeline: Pipeline;
  readonly #stage: StagePlan;
  readonly #here: ReadonlySet<string>;
  readonly #pushes = new Map<string, Push>();
  readonly #programs = new Map<string, StateProgram>();
  readonly #flushes: ((session: ComputeSession) => void)[] = [];

  constructor(pipeline: Pipeline, stage: StagePlan) {
    this.#pipeline = pipeline;
    this.#stage = stage;
    this.#here = new Set([...stage.operators.map((operator) => operator.id), ...stage.outputs]);
  }

  compile(): StageProgram {
    const { input } = this.#stage;
    for (const { id } of this.#stage.operators.filter(keepsTable)) this.#programs.set(id, this.#compileKeeper(id));
    const programs = [...this.#programs.values()];
    const arrivals = input.kind === 'repartition' ? input.edges.map((edge) => this.#arrivalOf(this.#edge(edge))) : [];
    const source = input.kind === 'source' ? this.#node(input.sourceId) : undefined;
    const sourceProgram = source?.kind === 'source' ? compileSource(source, this.#fanOut(source.id)) : undefined;
    const flushes = this.#flushes;
    return {
      tables: programs.map(({ table }) => table),
      destinations: [...new Set(this.#stage.outputs.map((edge) => this.#edge(edge).toStage))],
      source: sourceProgram,
      onRow(session, row, upgrade) {
        session.key = row[2];
        (arrivals[row[0]] as Arrival)(session, row, JSON.stringify(row[2]), upgrade);
      },
      onTimer(session, table, lp, key, watermarkMs) {
        session.lp = lp;
        (programs[table] as StateProgram).onTimer(session, key, watermarkMs);
      },
      dropDue(session, table, lp, key, watermarkMs) {
        session.lp = lp;
        return requireWindow(programs[table]).dropDue(session, key, watermarkMs);
      },
      fireDropped(session, table, lp, dropped, watermarkMs) {
        session.lp = lp;
        const window = requireWindow(programs[table]);
        const keyJson = JSON.stringify((dropped as readonly unknown[])[0]);
        window.onTimer(session, window.restore(session, keyJson, dropped), watermarkMs);
      },
      flush(session) {
        for (const flush of flushes) flush(session);
      },
      upgradeFrom: (change) => compileUpgrade(change, programs),
    };
  }

  #nodes(): LogicalNode[] {
    return [...this.#pipeline.graph.nodes.values()];
  }

  #node(id: string): LogicalNode {
    return this.#pipeline.graph.nodes.get(id) as LogicalNode;
  }

  #edge(id: string): EdgePlan {
    return this.#pipeline.plan.edges.find((edge) => edge.id === id) as EdgePlan;
  }

  /** The operators of this stage that read `id`, as one function. Late streams have their records from elsewhere. */
  #fanOut(id: string): Push {
    const readers = this.#nodes().filter(
      (node) => this.#here.has(node.id) && node.kind !== 'late' && inputsOf(node).includes(id),
    );
    const pushes = readers.map((node) => this.#pushOf(node));
    if (pushes.length === 1) return pushes[0] as Push;
    return (session, value, eventTimeMs) => {
      for (const push of pushes) push(session, value, eventTimeMs);
    };
  }

  #pushOf(node: LogicalNode): Push {
    const known = this.#pushes.get(node.id);
    if (known !== undefined) return known;
    const push = this.#compileNode(node);
    this.#pushes.set(node.id, push);
    return push;
  }

  #compileNode(node: LogicalNode): Push {
    switch (node.kind) {
      case 'filter':
        return compileFilter(node, this.#fanOut(node.id));
      case 'map':
        return compileMap(node, this.#fanOut(node.id));
      case 'flatMap':
        return compileFlatMap(node, this.#fanOut(node.id));
      case 'union':
      case 'late':
        return this.#fanOut(node.id);
      case 'keyBy':
        return this.#compileKeyBy(node);
      case 'sink':
        return this.#compileSinkOrHop(node);
      default:
        throw new Error(
          `operator '${node.id}' of kind ${node.kind} has no input of its own in stage '${this.#stage.id}'`,
        );
    }
  }

  #compileKeyBy(node: KeyByNode): Push {
    const edge = this.#edge(node.id);
    const target = this.#targetOf(edge);
    const raw = compileRepartition(node, target, this.#codecOf(node));
    if (edge.combine === undefined) return raw;
    const window = this.#node(edge.combine) as WindowNode;
    this.#flushes.push(flushCombined(node, target));
    return compileCombine(
      node,
      window,
      new PaneAggregates(this.#aggregatesOf(window).map((aggregate) => ({ node: aggregate, next: nowhere }))),
      target,
      raw,
    );
  }

  #compileSinkOrHop(node: SinkNode): Push {
    if (this.#stage.sinks.includes(node.id)) return compileSink(node);
    if (node.spec.kind !== 'dynamo') throw new Error(`sink '${node.id}' has no row key`);
    return compileRowKeyHop({ ...node, spec: node.spec }, this.#targetOf(this.#edge(node.id)));
  }

  #targetOf(edge: EdgePlan): EdgeTarget {
    const to = this.#pipeline.plan.stages.find((stage) => stage.id === edge.toStage) as StagePlan;
    const edges = to.input.kind === 'repartition' ? to.input.edges : [];
    return { stage: to.id, edgeIndex: edges.indexOf(edge.id), partitions: this.#pipeline.plan.partitions };
  }

  #arrivalOf(edge: EdgePlan): Arrival {
    if (edge.by === 'row-key') {
      const push = compileArrivedRow(this.#node(edge.id) as SinkNode);
      return (session, row) => push(session, row[3], row[1]);
    }
    const codec = this.#codecOf(this.#node(edge.id) as KeyByNode);
    const programs = [...this.#programs.values()];
    const windows = this.#nodes().flatMap((node) =>
      node.kind === 'window' && node.input === edge.id ? [requireWindow(this.#programs.get(node.id))] : [],
    );
    const sides = this.#sidesOf(edge.id);
    const combinedTable = [...this.#programs.keys()].indexOf(edge.combine ?? '');
    return (session, row, keyJson, upgrade) => {
      if (row.length === 5) {
        const combined =
          upgrade === undefined ? { table: combinedTable, accumulators: row[3] } : upgrade.combined(row[3]);
        if (combined === undefined) return;
        const window = requireWindow(programs[combined.table]);
        window.onPartial(session, row[2], keyJson, row[1], row[4], combined.accumulators);
        return;
      }
      const [, eventTimeMs, key, stored] = row;
      const value = codec.decode(stored);
      for (const window of windows) window.onRecord(session, key, keyJson, value, eventTimeMs);
      if (sides.length === 0) return;
      const record = { key, keyJson, eventTimeMs, value, stored };
      for (const { join, side } of sides) join.onRecord(session, side, record);
    };
  }

  /** The joins that read an edge, once for each side that it is of. */
  #sidesOf(keyBy: string): readonly { readonly join: JoinProgram; readonly side: JoinSide }[] {
    return this.#nodes().flatMap((node) => {
      if (node.kind !== 'intervalJoin') return [];
      const join = this.#programs.get(node.id) as JoinProgram;
      return (['left', 'right'] as const).flatMap((side) => (node[side] === keyBy ? [{ join, side }] : []));
    });
  }

  #compileKeeper(id: string): StateProgram {
    const node = this.#node(id) as WindowNode | IntervalJoinNode;
    const table = this.#programs.size;
    if (node.kind === 'intervalJoin') return this.#compileJoin(node, table);
    const aggregates = new PaneAggregates(
      this.#aggregatesOf(node).map((aggregate) => ({ node: aggregate, next: this.#fanOut(aggregate.id) })),
    );
    const late = this.#lateOf(id);
    const { assigner } = node;
    return assigner.kind === 'session'
      ? compileSessionWindow({ ...node, assigner }, aggregates, late, table)
      : sharesSlices(assigner)
        ? new SlicedWindow({ ...node, assigner }, aggregates, late, table)
        : compileAlignedWindow({ ...node, assigner }, aggregates, late, table);
  }

  #compileJoin(node: IntervalJoinNode, table: number): JoinProgram {
    const inputOf = (side: JoinSide) => {
      const { decode } = this.#codecOf(this.#node(node[side]) as KeyByNode);
      return { late: this.#lateOf(node.id, side), decode };
    };
    return compileIntervalJoin(node, { left: inputOf('left'), right: inputOf('right') }, this.#fanOut(node.id), table);
  }

  #aggregatesOf(window: WindowNode): AggregateNode[] {
    return this.#nodes().filter((node): node is AggregateNode => node.kind === 'aggregate' && node.input === window.id);
  }

  #lateOf(id: string, side?: JoinSide): Push {
    const late = this.#nodes().find((node) => node.kind === 'late' && node.input === id && node.side === side);
    return late === undefined ? nowhere : this.#fanOut(late.id);
  }

  #codecOf(node: KeyByNode): CrossingCodec {
    return crossingCodec(node.id, node.crossing, this.#isUntouchedSource(node.input));
  }

  /** Whether values reach this point as a source's schema let them in. */
  #isUntouchedSource(id: string): boolean {
    const node = this.#node(id);
    if (node.kind === 'source') return true;
    if (node.kind === 'filter') return this.#isUntouchedSource(node.input);
    return node.kind === 'union' && node.inputs.every((input) => this.#isUntouchedSource(input));
  }
}

/** Where no operator listens. */
const nowhere: Push = () => undefined;
