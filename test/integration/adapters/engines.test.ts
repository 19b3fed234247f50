import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { ListStreamsCommand } from '@aws-sdk/client-kinesis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../../lib/core/clock.ts';
import { type Engines, startEngines } from '../../../lib/local/engines/start-engines.ts';

const answers = (endpoint: string): Promise<boolean> =>
  fetch(endpoint).then(
    () => true,
    () => false,
  );

const untilSilent = async (endpoint: string): Promise<void> => {
  for (let i = 0; i < 500 && (await answers(endpoint)); i++) await systemClock.sleep(20);
  expect(await answers(endpoint)).toBe(false);
};

const startScript = `
  const { startEngines } = await import(${JSON.stringify(new URL('../../../lib/local/engines/start-engines.ts', import.meta.url).href)});
  const engines = await startEngines();
  console.log(engines.kinesisEndpoint + ' ' + engines.dynamoEndpoint);
`;

/** A process that starts engines, prints their endpoints and then does `next`. */
const startElsewhere = async (next: string) => {
  const child = spawn(process.execPath, ['--input-type=module', '-e', startScript + next], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return { child, exited, endpoints: line.toString().trim().split(' ') as [string, string] };
};

describe('embedded engines: life', () => {
  let engines: Engines;
  beforeAll(async () => {
    engines = await startEngines();
  });
  afterAll(() => engines?.stop());

  it('listen on loopback and on ports that the system chose', () => {
    for (const endpoint of [engines.kinesisEndpoint, engines.dynamoEndpoint]) {
      expect(endpoint).toMatch(/^http:\/\/127\.0\.0\.1:\d{4,5}$/);
    }
    expect(engines.kinesisEndpoint).not.toBe(engines.dynamoEndpoint);
  });

  it('name the port that is in use, and leave nothing running', async () => {
    const blocker = createServer().listen(0, '127.0.0.1');
    await once(blocker, 'listening');
    const port = (blocker.address() as { port: number }).port;
    try {
      const refused = { code: 'PORT_IN_USE', fix: expect.any(String), message: expect.stringContaining(String(port)) };
      await expect(startEngines({ kinesisPort: port })).rejects.toMatchObject(refused);
      await expect(startEngines({ dynamoPort: port })).rejects.toMatchObject(refused);
    } finally {
      blocker.close();
    }
  });

  it('listen on the ports that were asked for, and are gone after stop', async () => {
    const first = await startEngines();
    const port = (endpoint: string) => Number(new URL(endpoint).port);
    const ports = { kinesisPort: port(first.kinesisEndpoint), dynamoPort: port(first.dynamoEndpoint) };
    await first.stop();
    const second = await startEngines(ports);
    expect([second.kinesisEndpoint, second.dynamoEndpoint]).toEqual([first.kinesisEndpoint, first.dynamoEndpoint]);
    expect((await second.clients.kinesis.send(new ListStreamsCommand({}))).StreamNames).toEqual([]);
    await second.stop();
    await untilSilent(second.kinesisEndpoint);
    await untilSilent(second.dynamoEndpoint);
  });

  it('end with their parent when it is killed', async () => {
    const { child, exited, endpoints } = await startElsewhere('setInterval(() => undefined, 1_000);');
    expect(await answers(endpoints[0])).toBe(true);
    child.kill('SIGKILL');
    await exited;
    for (const endpoint of endpoints) await untilSilent(endpoint);
  });

  it('do not keep a parent running that forgot to stop them', async () => {
    const { exited, endpoints } = await startElsewhere('');
    const [code] = await exited;
    expect(code).toBe(0);
    for (const endpoint of endpoints) await untilSilent(endpoint);
  });
});
