/** `npm run adapters`: the tests of the adapters against another engine than the embedded ones. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { startEngines } from 'millrace/local';
import { startDynamoDbLocal } from './host/dynamodb-local.ts';
import { showInstallProgress } from './host/install-progress.ts';
import { startLocalStack } from './host/start-localstack.ts';
import { freePort } from './program/free-port.ts';
import { parseWhole } from './program/parse-whole.ts';
import { runProgram } from './program/run-program.ts';

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
    const { endpoint, stop } = await startLocalStack({ port: await freePort(), onPart });
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

const parsed = parseWhole(process.argv.slice(2), { engine: { type: 'string' } }, ({ engine: name }) => {
  const start = engines[name ?? ''];
  if (name !== undefined && start !== undefined) return { name, start };
  const given = name === undefined ? 'missing' : `'${name}'`;
  throw new Error(`--engine is ${given}; allowed: ${Object.keys(engines).join(', ')}.`);
});

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

await runProgram(usage, parsed, async ({ name, start }) => {
  const progress = showInstallProgress();
  const engine = await start(progress).finally(() => progress.stop());
  try {
    return await runTests({ ...engine.environment, MILLRACE_ENGINE: name });
  } finally {
    await engine.stop();
  }
});
