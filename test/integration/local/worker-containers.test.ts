import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../../lib/core/clock.ts';
import { systemRandom } from '../../../lib/core/random.ts';
import { createWorkerFunction, type WorkerFunctionOptions } from '../../../lib/local/containers/worker-containers.ts';
import { EventSourceMapping } from '../../../lib/local/mapping/event-source-mapping.ts';
import { MemoryStreams } from '../../../lib/memory/memory-streams.ts';

const entry = new URL('./container-handler.ts', import.meta.url);

const createHost = (options: Partial<WorkerFunctionOptions> = {}) => {
  const host = createWorkerFunction({
    entry,
    environment: { NAME: 'test', AWS_REGION: 'eu-central-1' },
    timeoutMs: 30_000,
    maxContainers: 1,
    functionName: 'tested',
    random: systemRandom,
    ...options,
  });
  onTestFinished(() => host.stop());
  return host;
};

/** A payload of the handler. */
const payloadOf = async (running: ReturnType<ReturnType<typeof createHost>['invoke']>) => {
  const result = await running;
  if (!result.ok) throw new Error(`${result.error.type}: ${result.error.message}`);
  return result.payload as { threadId: number; invocation: number };
};

/** Resolves at the first line that contains `part`. */
const lineWatch = () => {
  const lines: string[] = [];
  const watchers: { part: string; resolve: () => void }[] = [];
  return {
    lines,
    onLog: ({ stream, line }: { stream: string; line: string }) => {
      lines.push(`${stream}: ${line}`);
      for (const { part, resolve } of watchers) if (line.includes(part)) resolve();
    },
    seen: (part: string) =>
      lines.some((line) => line.includes(part))
        ? Promise.resolve()
        : new Promise<void>((resolve) => watchers.push({ part, resolve })),
  };
};

describe('a container', () => {
  test('loads the module once and keeps its memory between invocations', async () => {
    const host = createHost();
    const first = await payloadOf(host.invoke({}));
    const second = await payloadOf(host.invoke({}));
    expect([first.invocation, second.invocation]).toEqual([1, 2]);
    expect(second.threadId).toBe(first.threadId);
    expect(host.stats()).toMatchObject({ coldStarts: 1, invocations: 2, containers: 1, busy: 0 });
  });

  test('has the environment it was given and nothing of its parent', async () => {
    process.env.MILLRACE_TEST_PARENT = 'secret';
    onTestFinished(() => {
      delete process.env.MILLRACE_TEST_PARENT;
    });
    const host = createHost();
    expect(await payloadOf(host.invoke({ do: 'environment' }))).toEqual({ NAME: 'test', AWS_REGION: 'eu-central-1' });
  });

  test("gets Lambda's context", async () => {
    const host = createHost({ memoryLimitInMB: 256 });
    const result = await host.invoke({ do: 'context' });
    expect(result).toMatchObject({
      ok: true,
      payload: {
        awsRequestId: result.requestId,
        functionName: 'tested',
        functionVersion: '$LATEST',
        memoryLimitInMB: '256',
        invokedFunctionArn: 'arn:aws:lambda:eu-central-1:000000000000:function:tested',
      },
    });
    const { remainingMs } = (await payloadOf(host.invoke({ do: 'context' }))) as unknown as { remainingMs: number };
    expect(remainingMs).toBeGreaterThan(0);
    expect(remainingMs).toBeLessThanOrEqual(30_000);
  });

  test('calls the export that it was told to', async () => {
    expect(await payloadOf(createHost({ exportName: 'other' }).invoke({}))).toBe('the other export');
  });

  test('returns null for nothing', async () => {
    expect(await createHost().invoke({ do: 'nothing' })).toMatchObject({ ok: true, payload: null });
  });

  test('survives an error of its handler', async () => {
    const host = createHost();
    expect(await host.invoke({ do: 'throw' })).toMatchObject({
      ok: false,
      error: { type: 'Unhandled', message: 'RangeError: out of reach', stack: expect.stringContaining('handler') },
    });
    expect(await host.invoke({ do: 'not JSON' })).toMatchObject({ ok: false, error: { type: 'Unhandled' } });
    expect((await payloadOf(host.invoke({}))).invocation).toBe(3);
    expect(host.stats()).toMatchObject({ coldStarts: 1, failures: 2, kills: 0 });
  });

  test.each(['exit', 'crash'])('that ends by itself (%s) fails its invocation and is replaced', async (how) => {
    const host = createHost();
    expect(await host.invoke({ do: how })).toMatchObject({ ok: false, error: { type: 'Unhandled' } });
    expect((await payloadOf(host.invoke({}))).invocation).toBe(1);
    expect(host.stats().coldStarts).toBe(2);
  });

  test.each(['hang', 'spin'])('is terminated at its timeout (%s)', async (how) => {
    const host = createHost({ timeoutMs: 300 });
    const result = await host.invoke({ do: how });
    expect(result).toMatchObject({ ok: false, error: { type: 'Timeout', message: 'timed out after 300 ms' } });
    expect(host.stats()).toMatchObject({ timeouts: 1, kills: 0, containers: 0 });
  });

  test('gives its lines to onLog instead of printing them', async () => {
    const watch = lineWatch();
    const host = createHost({ onLog: watch.onLog });
    const { requestId } = await host.invoke({ do: 'write' });
    await Promise.all([watch.seen('lines'), watch.seen('to stderr')]);
    expect(watch.lines).toEqual(
      expect.arrayContaining([
        'stdout: cold start of test',
        `stderr: to stderr ${requestId}`,
        'stdout: two',
        'stdout: lines',
      ]),
    );
  });

  test.each([
    ['a module that does not load', { entry: new URL('./broken-handler.ts', import.meta.url) }, /does not load/],
    ['a module that is not there', { entry: new URL('./no-handler.ts', import.meta.url) }, /no-handler/],
    ['an export that is not there', { exportName: 'handle' }, /no function named handle; exports: handler, other/],
  ])('reports %s as Init', async (_name, options, message) => {
    const host = createHost(options);
    const result = await host.invoke({});
    expect(result).toMatchObject({ ok: false, error: { type: 'Init', message: expect.stringMatching(message) } });
    expect(host.stats().containers).toBe(0);
  });
});

describe('a kill', () => {
  test('hits an invocation in its middle and the next one starts cold', async () => {
    const watch = lineWatch();
    const host = createHost({ onLog: watch.onLog });
    expect(host.killOne()).toBe(false);
    const running = host.invoke({ do: 'hang' });
    await watch.seen('halfway');
    expect(host.killOne()).toBe(true);
    expect(await running).toMatchObject({ ok: false, error: { type: 'Killed' } });
    expect((await payloadOf(host.invoke({}))).invocation).toBe(1);
    expect(host.stats()).toMatchObject({ kills: 1, coldStarts: 2 });
  });

  test('armed for a line happens at that line, once', async () => {
    const host = createHost();
    const killed = host.killDuring(({ at, line }) => at === 'log' && line === 'halfway');
    expect(await payloadOf(host.invoke({}))).toMatchObject({ invocation: 1 });
    const result = await host.invoke({ do: 'hang' });
    expect(result).toMatchObject({ ok: false, error: { type: 'Killed' } });
    expect(await killed).toMatchObject({ at: 'log', line: 'halfway', requestId: result.requestId });
    expect(host.stats().kills).toBe(1);
  });

  test('armed for a line comes before anything that follows the line', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'written');
    const host = createHost();
    const killed = host.killDuring(({ line }) => line === 'line 4');
    expect(await host.invoke({ do: 'count', file })).toMatchObject({ ok: false, error: { type: 'Killed' } });
    await killed;
    expect(readFileSync(file, 'utf8')).toBe('1 2 3 ');
  });

  test('armed for the start of an invocation sees its event', async () => {
    const host = createHost();
    const killed = host.killDuring(({ event }) => (event as { do?: string }).do === 'spin');
    expect((await host.invoke({})).ok).toBe(true);
    expect(await host.invoke({ do: 'spin' })).toMatchObject({ ok: false, error: { type: 'Killed' } });
    expect(await killed).toMatchObject({ at: 'start', event: { do: 'spin' } });
  });
});

describe('concurrency', () => {
  test('starts a container when none is idle, up to maxContainers, then waits', async () => {
    const host = createHost({ maxContainers: 2, placement: 'sticky' });
    const results = await Promise.all([1, 2, 3, 4].map(() => payloadOf(host.invoke({ do: 'slow' }))));
    expect(new Set(results.map(({ threadId }) => threadId)).size).toBe(2);
    expect(host.stats()).toMatchObject({ coldStarts: 2, invocations: 4, waiting: 0 });
  });

  test('answers Throttled when it may not wait', async () => {
    const host = createHost({ whenBusy: 'throttle' });
    const [first, second] = await Promise.all([host.invoke({ do: 'slow' }), host.invoke({})]);
    expect(first?.ok).toBe(true);
    expect(second).toMatchObject({ ok: false, error: { type: 'Throttled' } });
    expect(host.stats().invocations).toBe(1);
  });

  test('random placement takes one shard to several containers', async () => {
    const fractions = [0.5, 0.9, 0.1, 0.3, 0.6];
    let turn = 0;
    const random = { uniqueId: () => 'id', fraction: () => fractions[turn++ % fractions.length] as number };
    const host = createHost({ maxContainers: 3, placement: 'random', random });
    const threads = new Set<number>();
    const event = { Records: [{ eventID: 'shardId-000000000000:1', eventSourceARN: 'arn', kinesis: { data: '' } }] };
    for (let i = 0; i < 20; i++) threads.add((await payloadOf(host.invoke(event))).threadId);
    expect(threads.size).toBe(3);
  });

  test('sticky placement takes a shard back to its container', async () => {
    const host = createHost({ maxContainers: 2, placement: 'sticky' });
    const event = (shard: number) => ({ Records: [{ eventID: `shardId-${shard}:1`, kinesis: { data: '' } }] });
    const shards = [0, 1, 0, 0, 1, 1, 0, 1];
    const seen = [new Set<number>(), new Set<number>()];
    for (const shard of shards) seen[shard]?.add((await payloadOf(host.invoke(event(shard)))).threadId);
    expect(seen.map(({ size }) => size)).toEqual([1, 1]);
    expect(host.stats().coldStarts).toBe(2);
  });
});

describe('stop', () => {
  test('ends what runs and refuses what comes', async () => {
    const watch = lineWatch();
    const host = createHost({ onLog: watch.onLog });
    const running = host.invoke({ do: 'hang' });
    const waiting = host.invoke({});
    await watch.seen('halfway');
    await host.stop();
    for (const result of [await running, await waiting, await host.invoke({})]) {
      expect(result).toMatchObject({ ok: false, error: { type: 'Stopped' } });
    }
    await host.stop();
    expect(host.stats()).toMatchObject({ containers: 0, waiting: 0 });
  });
});

describe('with the mapping', () => {
  test('every record is delivered although containers are killed under it', async () => {
    const streams = new MemoryStreams(systemClock);
    streams.createStream('s', { shards: 2 });
    const host = createHost({ maxContainers: 2 });
    const mapping = new EventSourceMapping({
      streams,
      host,
      options: {
        stream: 's',
        startingPosition: 'TRIM_HORIZON',
        batchSize: 10,
        pollIntervalMs: 20,
        retryBaseDelayMs: 10,
      },
    });
    onTestFinished(() => mapping.stop());
    const kills = [host.killDuring(() => true), host.killDuring(() => true)];
    const entries = Array.from({ length: 200 }, (_, i) => ({ data: Buffer.from(`${i}`), partitionKey: `${i}` }));
    await streams.putRecords('s', entries);
    await mapping.start();
    await mapping.idle();
    await Promise.all(kills);
    expect(host.stats().kills).toBe(2);
    expect(mapping.stats()).toMatchObject({ delivered: 200, retries: 2, discarded: 0 });
  });
});

describe('createWorkerFunction', () => {
  test.each([
    [{ timeoutMs: 0 }, 'timeoutMs is 0'],
    [{ timeoutMs: 900_001 }, 'timeoutMs is 900001'],
    [{ maxContainers: 0 }, 'maxContainers is 0'],
  ])('refuses %o', (options, message) => {
    expect(() => createHost(options)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION', message }));
  });
});
