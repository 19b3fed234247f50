/** Where a command writes, and what it may know of its surroundings. */
export interface Terminal {
  /** Results: what a script reads. */
  readonly out: NodeJS.WritableStream;
  /** Errors and progress. */
  readonly err: NodeJS.WritableStream & { readonly isTTY?: boolean };
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Fires when the user wants the command to end. */
  readonly signal: AbortSignal;
}

export const printLine = ({ out }: Terminal, text: string): void => {
  out.write(`${text}\n`);
};

/** One JSON document, for scripts. */
export const printJson = (terminal: Terminal, value: unknown): void =>
  printLine(terminal, JSON.stringify(value, null, 2));
