import type { SentOrder } from './orders.ts';
import type { LateOrder, RevenueRow } from './results.ts';

/** What was sent, and what came out at each end. */
export interface Evidence {
  readonly sent: readonly SentOrder[];
  /** Bytes that are no orders, base64. */
  readonly poison: readonly string[];
  readonly rows: readonly RevenueRow[];
  readonly late: readonly LateOrder[];
  /** Quarantined bytes, base64. */
  readonly quarantined: readonly string[];
}

export interface CheckResult {
  readonly sent: number;
  readonly paid: number;
  readonly rejected: number;
  readonly rejectedExpected: number;
  readonly late: number;
  readonly rows: number;
  readonly rowsExpected: number;
  readonly orders: number;
  readonly ordersExpected: number;
  readonly amountCents: number;
  readonly amountCentsExpected: number;
  /** Orders and broken records that are nowhere. */
  readonly lost: number;
  /** Orders and broken records that count more than once. */
  readonly duplicates: number;
  /** What is wrong, one sentence each; empty when every order is where it belongs, once. */
  readonly problems: readonly string[];
}

const minuteMs = 60_000;

/**
 * Adds up again what was sent, knowing nothing of the pipeline but what it promises: every paid order is in the sum of its
 * province and minute, or it is in the late stream; what is no order is in quarantine; each once.
 */
export const checkResults = ({ sent, poison, rows, late, quarantined }: Evidence): CheckResult => {
  const paid = new Map(sent.filter(({ amountCents }) => amountCents > 0).map((order) => [order.id, order]));
  const lateIds = checkLate(late, paid);
  const expected = new Map<string, RevenueRow>();
  for (const order of paid.values()) if (!lateIds.ids.has(order.id)) addTo(expected, order);
  const table = compareRows(rows, expected);
  const rejected = compareSets(quarantined, poison, 'broken record', 'in quarantine');
  const ends = [lateIds, table, rejected];
  const sum = (all: Iterable<RevenueRow>, field: 'orders' | 'amountCents') =>
    [...all].reduce((total, row) => total + row[field], 0);
  return {
    sent: sent.length + poison.length,
    paid: paid.size,
    rejected: quarantined.length,
    rejectedExpected: poison.length,
    late: lateIds.ids.size,
    rows: rows.length,
    rowsExpected: expected.size,
    orders: sum(rows, 'orders'),
    ordersExpected: sum(expected.values(), 'orders'),
    amountCents: sum(rows, 'amountCents'),
    amountCentsExpected: sum(expected.values(), 'amountCents'),
    lost: ends.reduce((total, { lost }) => total + lost, 0),
    duplicates: ends.reduce((total, { duplicates }) => total + duplicates, 0),
    problems: ends.flatMap(({ problems }) => problems),
  };
};

interface Difference {
  readonly lost: number;
  readonly duplicates: number;
  readonly problems: readonly string[];
}

const keyOf = ({ province, minute }: Pick<RevenueRow, 'province' | 'minute'>): string =>
  `${province} ${new Date(minute).toISOString().slice(11, 16)}`;

const addTo = (rows: Map<string, RevenueRow>, { province, at, amountCents }: SentOrder): void => {
  const minute = Math.floor(at / minuteMs) * minuteMs;
  const row = rows.get(`${province} ${minute}`) ?? { province, minute, amountCents: 0, orders: 0 };
  rows.set(`${province} ${minute}`, { ...row, amountCents: row.amountCents + amountCents, orders: row.orders + 1 });
};

/** The stream may repeat a record under one id; two ids for one order would be a duplicate. */
const checkLate = (
  late: readonly LateOrder[],
  paid: ReadonlyMap<string, SentOrder>,
): Difference & { readonly ids: ReadonlySet<string> } => {
  const outputs = [...new Map(late.map((order) => [order._id, order])).values()];
  const ids = new Set(outputs.map(({ id }) => id));
  const unknown = [...ids].filter((id) => !paid.has(id));
  const duplicates = outputs.length - ids.size;
  return {
    ids,
    lost: 0,
    duplicates,
    problems: [
      ...unknown.map((id) => `The late stream has ${id}, which is no paid order.`),
      ...(duplicates > 0 ? [`The late stream has ${duplicates} orders under more than one id.`] : []),
    ],
  };
};

const compareRows = (rows: readonly RevenueRow[], expected: ReadonlyMap<string, RevenueRow>): Difference => {
  const problems: string[] = [];
  let lost = 0;
  let duplicates = 0;
  const actual = new Map(rows.map((row) => [`${row.province} ${row.minute}`, row]));
  for (const key of new Set([...actual.keys(), ...expected.keys()])) {
    const want = expected.get(key);
    const have = actual.get(key);
    const difference = (have?.orders ?? 0) - (want?.orders ?? 0);
    if (difference < 0) lost -= difference;
    else duplicates += difference;
    if (difference === 0 && have?.amountCents === want?.amountCents) continue;
    const name = keyOf((want ?? have) as RevenueRow);
    problems.push(`Row ${name} has ${describeRow(have)}; sent were ${describeRow(want)}.`);
  }
  return { lost, duplicates, problems };
};

const describeRow = (row: RevenueRow | undefined): string =>
  row === undefined ? 'nothing' : `${row.orders} orders of ${row.amountCents} cents`;

/** Both as multisets: the same text may be sent twice. */
const compareSets = (have: readonly string[], want: readonly string[], what: string, where: string): Difference => {
  const left = new Map<string, number>();
  for (const text of want) left.set(text, (left.get(text) ?? 0) + 1);
  for (const text of have) left.set(text, (left.get(text) ?? 0) - 1);
  const counts = [...left.values()];
  const lost = counts.filter((count) => count > 0).reduce((sum, count) => sum + count, 0);
  const duplicates = -counts.filter((count) => count < 0).reduce((sum, count) => sum + count, 0);
  return {
    lost,
    duplicates,
    problems: [
      ...(lost > 0 ? [`${lost} ${what}s are not ${where}.`] : []),
      ...(duplicates > 0 ? [`${duplicates} ${what}s more than were sent are ${where}.`] : []),
    ],
  };
};
