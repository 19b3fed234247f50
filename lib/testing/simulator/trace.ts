/** The last decisions of a run, as sentences. Kept only where somebody will read them. */
export class Trace {
  readonly #limit: number;
  #lines: string[] = [];

  /** @param limit lines kept; 0 keeps none and costs nothing. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  add(step: number, line: () => string): void {
    if (this.#limit === 0) return;
    this.#lines.push(`${String(step).padStart(5)}  ${line()}`);
    if (this.#lines.length > 2 * this.#limit) this.#lines = this.#lines.slice(-this.#limit);
  }

  get lines(): readonly string[] {
    return this.#lines.slice(-this.#limit);
  }
}
