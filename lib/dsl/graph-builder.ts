import { describeValue } from '../core/describe-value.ts';
import { definitionError } from '../errors/millrace-error.ts';
import type { Delivery, JoinSide, LateNode, LogicalNode } from '../graph/logical-graph.ts';
import { checkOperatorId } from './check-names.ts';

/** Collects the operators of one pipeline while its definition runs. Streams append to it. */
export class GraphBuilder {
  readonly pipeline: string;
  readonly delivery: Delivery;
  readonly #nodes = new Map<string, LogicalNode>();
  #isSealed = false;

  constructor(pipeline: string, delivery: Delivery) {
    this.pipeline = pipeline;
    this.delivery = delivery;
  }

  /**
   * Checks what all operators have in common, before their own options are looked at.
   *
   * @returns who asks, for messages: `operator 'paid'`
   * @throws `STREAM_OF_ANOTHER_PIPELINE`, `INVALID_OPERATOR_ID`, `DUPLICATE_OPERATOR_ID`
   */
  begin(id: string): string {
    if (this.#isSealed) throw definitionEnded(this.pipeline, id);
    checkOperatorId(this.pipeline, id);
    const other = this.#nodes.get(id);
    if (other !== undefined) {
      throw definitionError(
        'DUPLICATE_OPERATOR_ID',
        `operator '${id}': pipeline '${this.pipeline}' has a ${other.kind} of this id already; ids are part of the state's keys, so each may be used once.`,
        'Give one of the two another id.',
        { operator: id, pipeline: this.pipeline, other: other.kind },
      );
    }
    return `operator '${id}'`;
  }

  /** @returns the node's id */
  append(node: LogicalNode): string {
    this.#nodes.set(node.id, node);
    return node.id;
  }

  /**
   * The late records of a window, or of a side of a join: there when somebody asks for them. Their id has a dot, which no other
   * operator's may have.
   */
  lateOf(input: string, side?: JoinSide): string {
    const id = side === undefined ? `${input}.late` : `${input}.late-${side}`;
    if (this.#nodes.has(id)) return id;
    if (this.#isSealed) throw definitionEnded(this.pipeline, id);
    const node: LateNode = { id, kind: 'late', input, ...(side !== undefined && { side }) };
    return this.append(node);
  }

  /** The definition is over: no stream may be used any more. */
  seal(): ReadonlyMap<string, LogicalNode> {
    this.#isSealed = true;
    return this.#nodes;
  }
}

const definitionEnded = (pipeline: string, id: string) =>
  definitionError(
    'STREAM_OF_ANOTHER_PIPELINE',
    `operator ${describeValue(id)}: its stream belongs to pipeline '${pipeline}', whose definition has ended.`,
    'Use a stream only inside the function given to the definePipeline that it comes from, and do not make that function async.',
    { operator: id, pipeline },
  );
