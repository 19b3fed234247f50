import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MillraceError } from 'millrace';
import { account, type Cloud, region } from './cloud.ts';

/** A stack's outputs by their names. */
export type Outputs = Readonly<Record<string, string>>;

const root = join(import.meta.dirname, '../..');

/** The `cdk` of this project, as a user runs it: with plain AWS settings in the environment and nothing else. */
export class Cdk {
  readonly #cloud: Cloud;
  readonly #folder: string;
  readonly #signal: AbortSignal;
  #runs = 0;

  /** @param folder for what it prints and puts together */
  constructor(cloud: Cloud, folder: string, signal: AbortSignal) {
    this.#cloud = cloud;
    this.#folder = folder;
    this.#signal = signal;
  }

  bootstrap(): Promise<void> {
    return this.#run(['bootstrap', `aws://${account}/${region}`]);
  }

  /**
   * @param app default: the one that `cdk.json` names
   * @throws MillraceError `DEPLOY_FAILED` (configuration)
   */
  async deploy(stack: string, options: readonly string[] = [], app?: string): Promise<Outputs> {
    await this.#requireWhole(stack);
    const outputs = join(this.#folder, `${stack}.json`);
    await this.#run([
      ...appOption(app),
      'deploy',
      stack,
      '--require-approval=never',
      '--outputs-file',
      outputs,
      ...options,
    ]);
    return (JSON.parse(await readFile(outputs, 'utf8')) as Record<string, Outputs>)[stack] ?? {};
  }

  destroy(stack: string, options: readonly string[] = [], app?: string): Promise<void> {
    return this.#run([...appOption(app), 'destroy', stack, '--force', ...options]);
  }

  /** A deployment that was interrupted leaves a stack that no other can go on from. */
  async #requireWhole(stack: string): Promise<void> {
    const status = await this.#cloud.stackStatus(stack);
    if (status === undefined || /^(CREATE|UPDATE)_COMPLETE$/.test(status)) return;
    throw new MillraceError('configuration', 'DEPLOY_FAILED', `Stack ${stack} is half deployed: it is ${status}.`, {
      fix: `Wait if something is in progress; else npx cdk destroy ${stack}, or start LocalStack anew.`,
      fields: { stack, status },
    });
  }

  async #run(args: readonly string[]): Promise<void> {
    await mkdir(this.#folder, { recursive: true });
    this.#runs++;
    const logFile = join(this.#folder, `cdk-${this.#runs}.log`);
    const log = createWriteStream(logFile);
    const place = ['--output', join(this.#folder, `cdk.out-${this.#runs}`)];
    const child = spawn(join(root, 'node_modules/.bin/cdk'), [...args, ...place, '--ci', '--no-color'], {
      cwd: root,
      env: { ...this.#cloud.environment, CDK_DISABLE_CLI_TELEMETRY: 'true' },
      stdio: ['ignore', 'pipe', 'pipe'],
      signal: this.#signal,
    });
    child.stdout.pipe(log, { end: false });
    child.stderr.pipe(log, { end: false });
    const { promise, resolve, reject } = Promise.withResolvers<number | null>();
    child.once('error', reject);
    child.once('close', resolve);
    const code = await promise.finally(() => new Promise<void>((done) => log.end(() => done())));
    if (code !== 0) throw deployFailed(args, await readFile(logFile, 'utf8'));
  }
}

const appOption = (app: string | undefined): readonly string[] =>
  app === undefined ? [] : ['--app', `npx --no node ${app}`];

const deployFailed = (args: readonly string[], output: string): MillraceError => {
  const lines = output.trim().split('\n');
  const telling = lines.filter((line) => /error|failed|❌/i.test(line));
  const what = `cdk ${args.join(' ')}\n  ${(telling.length > 0 ? telling : lines).slice(-4).join('\n  ')}`;
  return new MillraceError('configuration', 'DEPLOY_FAILED', what, {
    fix: 'Read these lines; the emulator may not know a resource or a property.',
    fields: { args },
  });
};
