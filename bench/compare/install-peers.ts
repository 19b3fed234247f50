import { createHash } from 'node:crypto';
import { globSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { MillraceError } from 'millrace';
import { findJava, requireTools } from '../../localstack/host/find-tools.ts';
import { installParts } from '../../localstack/host/install.ts';
import { runTool } from '../../localstack/host/run-tool.ts';
import { peersFolder } from '../engines/peer-package.ts';

export type PeerName = 'packages' | 'flink' | 'dynamodb-local';

interface Peer {
  readonly title: string;
  /** @throws MillraceError `TOOL_MISSING` (configuration) */
  readonly require: () => Promise<void>;
  /** Does nothing where what is pinned is there. @throws MillraceError `INSTALL_FAILED` (configuration) */
  readonly install: (signal: AbortSignal) => Promise<void>;
}

const requireJava = async (program: string): Promise<void> => {
  await findJava(process.env, program);
  await requireTools([['mvn', 'apt install maven']]);
};

/** Runs a program of an installation unless a mark of the same pins is there, which it makes at the end. */
const installOnce = async (
  name: PeerName,
  pins: readonly string[],
  mark: string,
  command: readonly [string, ...string[]],
  cwd: string,
  signal: AbortSignal,
): Promise<void> => {
  const hash = createHash('sha256');
  for (const pin of pins) hash.update(await readFile(pin));
  const wanted = hash.digest('hex');
  if ((await readFile(mark, 'utf8').catch(() => '')) === wanted) return;
  const logFile = join(tmpdir(), `millrace-bench-${name}.log`);
  await rm(logFile, { force: true });
  const [program, ...args] = command;
  await runTool({ command: program, args, cwd, logFile, signal });
  await mkdir(dirname(mark), { recursive: true });
  await writeFile(mark, wanted);
};

const flinkFolder = join(peersFolder, 'flink');

const peers: Readonly<Record<PeerName, Peer>> = {
  packages: {
    title: 'DuckDB, Powertools and the chart library',
    require: async () => undefined,
    install: (signal) =>
      installOnce(
        'packages',
        [join(peersFolder, 'package.json'), join(peersFolder, 'package-lock.json')],
        join(peersFolder, 'node_modules/.millrace-pins'),
        ['npm', 'ci', '--no-audit', '--no-fund', '--loglevel=error'],
        peersFolder,
        signal,
      ),
  },
  flink: {
    title: 'Flink',
    require: () => requireJava('Flink'),
    install: (signal) =>
      installOnce(
        'flink',
        ['pom.xml', ...globSync('src/**/*.java', { cwd: flinkFolder }).sort()].map((path) => join(flinkFolder, path)),
        join(flinkFolder, 'target/.millrace-pins'),
        ['mvn', '-q', '-B', 'clean', 'compile', 'dependency:copy-dependencies'],
        flinkFolder,
        signal,
      ),
  },
  'dynamodb-local': {
    title: 'DynamoDB Local',
    require: () => requireJava('DynamoDB Local'),
    install: async (signal) => {
      await installParts(['dynamodb-local'], { signal });
    },
  },
};

/**
 * Installs what is asked for, at the versions that are pinned, unless it is there already.
 *
 * @param onPeer told which one is looked at
 * @returns the peers whose toolchain is missing, with what is missing
 * @throws MillraceError `INSTALL_FAILED` (configuration)
 */
export const installPeers = async (
  names: readonly PeerName[],
  signal: AbortSignal,
  onPeer: (title: string) => void,
): Promise<ReadonlyMap<PeerName, string>> => {
  const missing = new Map<PeerName, string>();
  for (const name of names) {
    const { title, require, install } = peers[name];
    onPeer(title);
    try {
      await require();
    } catch (error) {
      if (!(error instanceof MillraceError) || error.code !== 'TOOL_MISSING') throw error;
      missing.set(name, error.message);
      continue;
    }
    await install(signal);
  }
  return missing;
};
