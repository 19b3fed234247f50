import { MillraceError } from '../errors/millrace-error.ts';

/** More lost races in a row than this mean that somebody else is at work on it. */
const MAX_LOST_RACES = 20;

/** Counts the commits of one undertaking that others were faster with, so that it does not go on for ever. */
export class LostRaces {
  readonly #unit: string;
  readonly #fix: string;
  #inARow = 0;

  constructor(unit: string, fix: string) {
    this.#unit = unit;
    this.#fix = fix;
  }

  /** @throws MillraceError `LOST_RACE` where that is one too many */
  add(): void {
    if (++this.#inARow <= MAX_LOST_RACES) return;
    throw new MillraceError(
      'retryable',
      'LOST_RACE',
      `${this.#unit} lost ${this.#inARow} commits in a row to other containers.`,
      { fix: this.#fix },
    );
  }

  won(): void {
    this.#inARow = 0;
  }
}
