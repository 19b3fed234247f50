import { type DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import {
  defaultStampNames,
  keyOf,
  lastVersions,
  type Row,
  rowOfAnotherPartition,
  type StampNames,
} from '../connectors/row-fence.ts';
import { encodeVersion, type OutputRow, type SinkWriter, type WriteContext } from '../connectors/sink-port.ts';
import { forEachInFlight } from '../core/in-flight.ts';
import { MillraceError } from '../errors/millrace-error.ts';
import type { WireItem } from './attribute-values.ts';
import { errorName, toMillraceError } from './aws-errors.ts';
import { toRowAttribute, toRowAttributes } from './row-attributes.ts';

export interface DynamoSinkWriterOptions {
  readonly client: DynamoDBClient;
  readonly tableName: string;
  /** The table's partition key and, if it has one, its sort key. */
  readonly keyFields: readonly string[];
  /** Attributes of the row's version and writer. Default `_v` and `_lp`. */
  readonly stamp?: StampNames;
}

const putsInFlight = 16;

/**
 * Upserts rows so that an older version never replaces a newer one, whoever writes it and whenever: a put is refused by
 * the table unless the row is new, or is ours and older.
 */
export class DynamoSinkWriter implements SinkWriter {
  readonly #client: DynamoDBClient;
  readonly #tableName: string;
  readonly #keyFields: readonly string[];
  readonly #stamp: StampNames;

  constructor(options: DynamoSinkWriterOptions) {
    this.#client = options.client;
    this.#tableName = options.tableName;
    this.#keyFields = options.keyFields;
    this.#stamp = options.stamp ?? defaultStampNames;
  }

  async write(rows: readonly OutputRow[], context?: WriteContext): Promise<void> {
    const last = lastVersions(`table ${this.#tableName}`, rows, this.#keyFields, this.#stamp);
    await forEachInFlight(last, putsInFlight, async (row) => {
      if (context?.onUnsent === undefined) return this.#upsert(row);
      await this.#upsert(row).catch((error: unknown) => context.onUnsent?.(1, error));
    });
  }

  async #upsert(row: OutputRow): Promise<void> {
    const { version, lp } = this.#stamp;
    const versionBytes = { B: encodeVersion(row.version) };
    const lpNumber = { N: String(row.lp) };
    try {
      await this.#client.send(
        new PutItemCommand({
          TableName: this.#tableName,
          Item: { ...toRowAttributes(row.value as Row), [version]: versionBytes, [lp]: lpNumber },
          ConditionExpression: 'attribute_not_exists(#v) OR (#lp = :lp AND #v < :v)',
          ExpressionAttributeNames: { '#v': version, '#lp': lp },
          ExpressionAttributeValues: { ':v': versionBytes, ':lp': lpNumber },
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        }),
      );
    } catch (error) {
      if (errorName(error) !== 'ConditionalCheckFailedException') throw this.#error(error, 'write');
      await this.#checkOwner(row, (error as { readonly Item?: WireItem }).Item);
    }
  }

  /** A refused put of our own partition's row is an older or the same version: done. */
  async #checkOwner(row: OutputRow, sent: WireItem | undefined): Promise<void> {
    const existing = sent ?? (await this.#read(row.value as Row));
    if (existing === undefined) throw this.#unavailable('a row that refused a put was deleted meanwhile');
    const owner = existing[this.#stamp.lp]?.N;
    if (owner === String(row.lp)) return;
    throw rowOfAnotherPartition(
      `table ${this.#tableName}`,
      keyOf(row.value as Row, this.#keyFields),
      row.lp,
      owner === undefined ? 'unknown' : Number(owner),
    );
  }

  async #read(value: Row): Promise<WireItem | undefined> {
    const Key = Object.fromEntries(this.#keyFields.map((field) => [field, toRowAttribute(value[field])]));
    try {
      const command = new GetItemCommand({ TableName: this.#tableName, Key, ConsistentRead: true });
      return (await this.#client.send(command)).Item;
    } catch (error) {
      throw this.#error(error, 'read');
    }
  }

  #error(error: unknown, effect: 'read' | 'write'): unknown {
    const mapped = toMillraceError(error, { resource: 'table', name: this.#tableName, effect });
    // Whether the put happened does not matter: the same version is refused or written again.
    return mapped instanceof MillraceError && mapped.retryable ? this.#unavailable(mapped.message, mapped) : mapped;
  }

  #unavailable(why: string, cause?: unknown): MillraceError {
    return new MillraceError('retryable', 'SINK_UNAVAILABLE', `table ${this.#tableName}: ${why}`, {
      fields: { table: this.#tableName },
      cause,
    });
  }
}
