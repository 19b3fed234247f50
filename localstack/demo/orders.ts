import { SeededRandom } from 'millrace/testing';

export interface SentOrder {
  readonly id: string;
  readonly province: string;
  readonly amountCents: number;
  /** Event time, epoch milliseconds. */
  readonly at: number;
}

/** From the busiest to the quietest. */
export const provinces = ['GD', 'ZJ', 'JS', 'SD', 'SC', 'HB', 'FJ', 'HN'] as const;

/** One step of traffic is put at once. Event time runs 60 times as fast as the clock: a minute closes every second. */
export const stepClockMs = 250;
export const speed = 60;
const stepEventMs = stepClockMs * speed;

const ordersPerStep = 20;
const outOfOrderMs = 4_000;
const freeShare = 0.03;
const minuteMs = 60_000;

const poisonEverySteps = 12;
const delayedEverySteps = 5;
const lateEverySteps = 8;
const firstLateStep = 30;

/** Orders of a shop, the same for the same seed: a few big provinces and many small, out of order, some free, some broken. */
export class OrderTraffic {
  /** Everything that a producer meant as an order. */
  readonly orders: SentOrder[] = [];
  /** What nobody can read: bytes, base64. */
  readonly poison: string[] = [];
  readonly #startMs: number;
  readonly #random: SeededRandom;
  readonly #cumulated: readonly number[];
  #step = 0;

  constructor(seed: number, startMs: number) {
    this.#startMs = startMs;
    this.#random = new SeededRandom(seed);
    this.#cumulated = cumulate(provinces.map((_, rank) => 1 / (rank + 1) ** 1.1));
  }

  /** How far event time has come. */
  get eventMs(): number {
    return this.#startMs + this.#step * stepEventMs;
  }

  get sentCount(): number {
    return this.orders.length + this.poison.length;
  }

  /** The next quarter of a second: orders, and now and then bytes that are none. */
  next(count = ordersPerStep): readonly (SentOrder | Uint8Array)[] {
    const step = this.#step++;
    const fromMs = this.#startMs + step * stepEventMs;
    const values: (SentOrder | Uint8Array)[] = Array.from({ length: count }, (_, i) => {
      const atMs = fromMs + Math.floor((stepEventMs * i) / count);
      return this.#order(atMs - Math.floor(this.#random.fraction() * outOfOrderMs));
    });
    // Within the allowed lateness: their rows are corrected.
    if (step % delayedEverySteps === 2) values.push(this.#order(fromMs - this.#between(1, 3) * minuteMs));
    // Far past it: they go to the late stream. Paid ones only: the others are filtered before they can be late.
    if (step >= firstLateStep && step % lateEverySteps === 4) {
      values.push(this.#order(fromMs - this.#between(10, 12) * minuteMs, this.#amountCents()));
    }
    if (step % poisonEverySteps === 7) values.push(this.#poison(Math.floor(step / poisonEverySteps)));
    return values;
  }

  #order(at: number, amountCents = this.#random.fraction() < freeShare ? 0 : this.#amountCents()): SentOrder {
    const order = {
      id: `order-${String(this.orders.length + 1).padStart(6, '0')}`,
      province: this.#province(),
      amountCents,
      at: Math.floor(at),
    };
    this.orders.push(order);
    return order;
  }

  /** Most baskets are small, a few are large: the sum of three fractions, bent. */
  #amountCents(): number {
    const bell = (this.#random.fraction() + this.#random.fraction() + this.#random.fraction()) / 3;
    return 1 + Math.floor(Math.exp(bell * 6) * 250);
  }

  #province(): string {
    const drawn = this.#random.fraction() * (this.#cumulated.at(-1) ?? 1);
    return provinces[this.#cumulated.findIndex((until) => drawn < until)] ?? provinces[0];
  }

  #between(least: number, most: number): number {
    return least + this.#random.fraction() * (most - least);
  }

  #poison(kind: number): Uint8Array {
    const broken = { id: `broken-${this.poison.length + 1}`, province: 'GD', amountCents: 1_000, at: this.eventMs };
    const texts = [
      JSON.stringify({ ...broken, amountCents: '10.00' }),
      JSON.stringify(broken).slice(0, 40),
      JSON.stringify({ ...broken, province: undefined }),
      JSON.stringify({ ...broken, amountCents: 10.5 }),
    ];
    // Bytes that are no text at all.
    const bytes = kind % 5 === 4 ? Uint8Array.of(0xff, 0xfe, kind, 0x80) : Buffer.from(texts[kind % 5] as string);
    this.poison.push(Buffer.from(bytes).toString('base64'));
    return bytes;
  }
}

const cumulate = (weights: readonly number[]): number[] => {
  let sum = 0;
  return weights.map((weight) => {
    sum += weight;
    return sum;
  });
};
