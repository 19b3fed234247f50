import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { MillraceError } from 'millrace';

const run = promisify(execFile);

/** What a program prints, or `undefined` where there is none that works. */
const answerOf = (command: string, args: readonly string[]): Promise<string | undefined> =>
  run(command, args, { timeout: 20_000 }).then(
    ({ stdout, stderr }) => `${stdout}${stderr}`,
    () => undefined,
  );

const toolMissing = (what: string, fix: string): MillraceError =>
  new MillraceError('configuration', 'TOOL_MISSING', what, { fix });

const pythonVersion = '3.13';
const askVersion = 'import ensurepip, sys, venv; print("%d.%d" % sys.version_info[:2])';

/** @throws MillraceError `TOOL_MISSING` (configuration) */
export const findPython = async (env: NodeJS.ProcessEnv = process.env): Promise<string> => {
  const given = env.MILLRACE_PYTHON;
  const candidates =
    given === undefined ? [`python${pythonVersion}`, ...(await pyenvPythons(env)), 'python3'] : [given];
  for (const candidate of candidates) {
    if ((await answerOf(candidate, ['-c', askVersion]))?.trim() === pythonVersion) return candidate;
  }
  const looked = given === undefined ? `none of ${candidates.join(', ')} is one` : `MILLRACE_PYTHON is ${given}`;
  throw toolMissing(
    `LocalStack needs Python ${pythonVersion} with venv: ${looked}.`,
    `Install it (pyenv install ${pythonVersion}, apt install python${pythonVersion}-venv), or name one in MILLRACE_PYTHON.`,
  );
};

const pyenvPythons = async (env: NodeJS.ProcessEnv): Promise<string[]> => {
  const versions = join(env.PYENV_ROOT ?? join(homedir(), '.pyenv'), 'versions');
  const found = await readdir(versions).catch(() => []);
  const fitting = found.filter((name) => name.startsWith(`${pythonVersion}.`)).sort();
  return fitting.reverse().map((name) => join(versions, name, 'bin', 'python3'));
};

const javaVersion = 17;

/**
 * Java with its compiler.
 *
 * @param program what needs it
 * @throws MillraceError `TOOL_MISSING` (configuration)
 */
export const findJava = async (
  env: NodeJS.ProcessEnv = process.env,
  program = 'DynamoDB Local',
): Promise<{ java: string; javac: string }> => {
  const tool = (name: string) => (env.JAVA_HOME === undefined ? name : join(env.JAVA_HOME, 'bin', name));
  const tools = { java: tool('java'), javac: tool('javac') };
  const answer = await answerOf(tools.javac, ['-version']);
  const version = Number(/^javac (\d+)/m.exec(answer ?? '')?.[1] ?? 0);
  if (version >= javaVersion && (await answerOf(tools.java, ['-version'])) !== undefined) return tools;
  const where = env.JAVA_HOME === undefined ? 'on the PATH' : `in JAVA_HOME (${env.JAVA_HOME})`;
  throw toolMissing(
    `${program} needs a JDK, ${javaVersion} or newer: ${version > 0 ? `${where} is ${version}` : `there is none ${where}`}.`,
    `Install one (apt install openjdk-${javaVersion}-jdk-headless), or set JAVA_HOME.`,
  );
};

/** @throws MillraceError `TOOL_MISSING` (configuration) for the first that is not there */
export const requireTools = async (
  tools: readonly (readonly [command: string, install: string, args?: string[]])[],
) => {
  for (const [command, install, args = ['--version']] of tools) {
    if ((await answerOf(command, args)) !== undefined) continue;
    throw toolMissing(`There is no ${command}, which the installation needs.`, `Install it (${install}).`);
  }
};

/** AWS's runtime client does not compile on macOS, and Windows has no process groups. */
export const requirePlatform = (platform: string = process.platform): void => {
  if (platform === 'linux') return;
  throw toolMissing(
    `Without Docker, LocalStack runs on Linux only; this is ${platform}.`,
    'With Docker (https://docs.docker.com/get-docker): docker compose -f localstack/compose.yaml up; without it, use a Linux machine.',
  );
};
