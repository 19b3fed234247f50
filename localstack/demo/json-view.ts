import type { DemoOutcome, DemoView } from './view.ts';

/** For scripts: one document. */
export class JsonView implements DemoView {
  readonly #out: NodeJS.WritableStream;

  constructor(out: NodeJS.WritableStream) {
    this.#out = out;
  }

  say(): void {
    // A script wants the outcome.
  }

  happened(): void {
    // As above.
  }

  show(): void {
    // As above.
  }

  end(): void {
    // There is no screen to end.
  }

  verdict(outcome: DemoOutcome): void {
    const document = { exactlyOnce: outcome.problems.length === 0, ...outcome };
    this.#out.write(`${JSON.stringify(document, null, 2)}\n`);
  }
}
