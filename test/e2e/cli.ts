import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Cloud } from './cloud.ts';

export interface Said {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

const root = join(import.meta.dirname, '../..');

/** The command line of this project, as a user runs it beside `cdk`. */
export class Cli {
  readonly #cloud: Cloud;
  readonly #folder: string;
  readonly #signal: AbortSignal;

  /** @param folder for the documents that it is given */
  constructor(cloud: Cloud, folder: string, signal: AbortSignal) {
    this.#cloud = cloud;
    this.#folder = folder;
    this.#signal = signal;
  }

  run(...args: readonly string[]): Promise<Said> {
    const options = { cwd: root, env: this.#cloud.environment, signal: this.#signal };
    return new Promise((resolve) =>
      execFile(process.execPath, ['cli/millrace.js', ...args], options, (error, stdout, stderr) =>
        resolve({ exitCode: error === null ? 0 : Number(error.code), stdout, stderr }),
      ),
    );
  }

  /** @throws Error with what it says, where it does not end well */
  async demand(...args: readonly string[]): Promise<string> {
    const { exitCode, stdout, stderr } = await this.run(...args);
    if (exitCode === 0) return stdout;
    throw new Error(`millrace ${args.join(' ')} ended with ${exitCode}: ${stderr || stdout}`);
  }

  /** Writes a document for a command that reads it. @returns where it is */
  async document(name: string, text: string): Promise<string> {
    const file = join(this.#folder, name);
    await writeFile(file, text);
    return file;
  }
}
