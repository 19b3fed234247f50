/** `npm run adapters`: the tests of the adapters against another engine than the embedded ones. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { MillraceError } from 'millrace';
import { startEngines } from 'millrace/local';
import { defaultPort } from './host/arguments.ts';
import { startDynamoDbLocal } from './host/dynamodb-local.ts';
import { showInstallProgress } from './host/install-progress.ts';
import { startLocalStack } from './host/start-localstack.ts';

const usage = `Usage: npm run adapters -- --engine localstack | dynamodb-local

Runs the tests of the adapters (test/integration/adapters) against an engine that it installs, starts and stops:
  localstack       Kinesis, DynamoDB and S3 of LocalStack
  dynamodb-local   DynamoDB Local, beside the embedded Kinesis engine

Exit codes: 0 all passed, 1 some failed, 2 wrong arguments, 3 something is missing.
`;

interface Engine {
  readonly environment: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

const engines: Readonly<Record<string, (progress: ReturnType<typeof showInstallProgress>) => Promise<Engine>>> = {
  localstack: async ({ onPart }) => {
    const { endpoint, stop } = await startLocalStack({ port: defaultPort, onPart });
    return { environment: { AWS_ENDPOINT_URL: endpoint }, stop };
  },
  'dynamodb-local': async ({ onPart }) => {
    const dynamo = await startDynamoDbLocal({ onPart });
    const embedded = await startEngines();
    return {
      environment: { AWS_ENDPOINT_URL_DYNAMODB: dynamo.endpoint, AWS_ENDPOINT_URL_KINESIS: embedded.kinesisEndpoint },
      stop: async () => {
        await Promise.all([dynamo.stop(), embedded.stop()]);
      },
    };
  },
};

const main = async (): Promise<number> => {
  const { values } = parseArgs({
    strict: true,
    options: { engine: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
  });
  if (values.help) {
    process.stdout.write(usage);
    return 0;
  }
  const start = engines[values.engine ?? ''];
  if (start === undefined) {
    const given = values.engine === undefined ? 'missing' : `'${values.engine}'`;
    process.stderr.write(`--engine is ${given}; allowed: ${Object.keys(engines).join(', ')}.\n`);
    return 2;
  }
  const progress = showInstallProgress();
  const engine = await start(progress).finally(() => progress.stop());
  try {
    return await runTests({ ...engine.environment, MILLRACE_ENGINE: values.engine as string });
  } finally {
    await engine.stop();
  }
};

const runTests = async (environment: Readonly<Record<string, string>>): Promise<number> => {
  const vitest = spawn('npx', ['--no', 'vitest', 'run', 'test/integration/adapters/endpoint.test.ts'], {
    env: { ...process.env, ...environment },
    stdio: 'inherit',
  });
  // Ctrl-C ends the tests; the engine is stopped then.
  process.on('SIGINT', () => undefined);
  const [code] = await once(vitest, 'close');
  return code === 0 ? 0 : 1;
};

try {
  process.exitCode = await main();
} catch (error) {
  const { code } = error as NodeJS.ErrnoException;
  if (error instanceof MillraceError) {
    process.stderr.write(`error ${error.code}: ${error.message}\nfix: ${error.fix}\n`);
    process.exitCode = 3;
  } else if (code?.startsWith('ERR_PARSE_ARGS')) {
    process.stderr.write(`${(error as Error).message}\n--help shows what there is.\n`);
    process.exitCode = 2;
  } else throw error;
}
