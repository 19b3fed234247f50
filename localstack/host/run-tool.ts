import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { MillraceError } from 'millrace';

const keptLines = 6;

export interface ToolRun {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** All that it prints. */
  readonly logFile: string;
  readonly signal: AbortSignal;
}

/**
 * Runs a program to its end, with its output in a file.
 * @throws MillraceError `INSTALL_FAILED` (configuration) with its last lines
 */
export const runTool = async ({ command, args, cwd, logFile, signal }: ToolRun): Promise<void> => {
  const log = createWriteStream(logFile, { flags: 'a' });
  const child = spawn(command, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'], signal });
  child.stdout.pipe(log, { end: false });
  child.stderr.pipe(log, { end: false });
  const { promise, resolve, reject } = Promise.withResolvers<number | null>();
  child.once('error', reject);
  child.once('close', resolve);
  const code = await promise.finally(() => new Promise<void>((written) => log.end(() => written())));
  if (code !== 0)
    throw await installFailed(`${command.split('/').at(-1)} ${args.slice(0, 3).join(' ')} …`, code, logFile);
};

const installFailed = async (what: string, code: number | null, logFile: string): Promise<MillraceError> => {
  const lines = (await readFile(logFile, 'utf8')).trim().split('\n').slice(-keptLines);
  return new MillraceError('configuration', 'INSTALL_FAILED', `${what} ended with ${code}:\n  ${lines.join('\n  ')}`, {
    fix: `Read ${logFile}. The usual reasons are the network and missing headers; what is whole stays for another try.`,
    fields: { what, code, logFile },
  });
};
