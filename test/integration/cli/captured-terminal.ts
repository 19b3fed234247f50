import { Writable } from 'node:stream';
import { runCommand } from '../../../cli/main.ts';
import type { Terminal } from '../../../cli/terminal.ts';

export interface Ended {
  readonly exitCode: number;
  readonly out: string;
  readonly err: string;
}

export interface Surroundings {
  readonly env?: Terminal['env'];
  readonly signal?: AbortSignal;
}

/** Runs a command in this process, and returns what it printed. */
export const millrace = async (args: readonly string[], surroundings: Surroundings = {}): Promise<Ended> => {
  const out = new Captured();
  const err = new Captured();
  const { env = {}, signal = new AbortController().signal } = surroundings;
  const exitCode = await runCommand(args, { out, err, env, signal });
  return { exitCode, out: out.text, err: err.text };
};

class Captured extends Writable {
  text = '';

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}
