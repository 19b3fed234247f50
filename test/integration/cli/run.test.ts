import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Interrupted } from '../../../cli/interrupted.ts';
import { millrace, type Surroundings } from './captured-terminal.ts';

const revenue = 'functions/revenue/pipeline.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-run-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const order = (id: number, fields: Record<string, unknown> = {}): string =>
  JSON.stringify({ id: String(id), province: 'ZJ', amountCents: 100, at: id * 1_000, ...fields });

const write = (name: string, content: string | Uint8Array): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};

const results = (name: string): unknown[] =>
  readFileSync(join(folder, 'out', name), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as unknown);

const run = (input: string, args: readonly string[] = [], surroundings: Surroundings = {}) =>
  millrace(['run', revenue, '--input', `orders=${input}`, '--output', join(folder, 'out'), ...args], surroundings);

describe('millrace run', () => {
  it('writes each sink, tables as their rows in the order of their keys', async () => {
    const lines = [order(1, { province: 'ZJ' }), order(61, { province: 'ZJ' }), order(2, { province: 'AB' })];
    const { exitCode, out, err } = await run(write('orders.jsonl', `${lines.join('\n')}\n`));
    expect({ exitCode, err }).toEqual({ exitCode: 0, err: '' });
    expect(out).toMatch(/read +3 +orders/);
    expect(results('table.jsonl')).toEqual([
      { province: 'AB', minute: 0, amountCents: 100, orders: 1 },
      { province: 'ZJ', minute: 0, amountCents: 100, orders: 1 },
      { province: 'ZJ', minute: 60_000, amountCents: 100, orders: 1 },
    ]);
    expect(readdirSync(join(folder, 'out')).sort()).toEqual(['_quarantine.jsonl', 'late.jsonl', 'table.jsonl']);
  });

  it('appends late records as they were', async () => {
    const late = order(1);
    // What is late is told by what was committed before: the file has to be longer than a turn.
    const lines = Array.from({ length: 5_000 }, (_, i) => order(i));
    await run(write('orders.jsonl', [...lines, late].join('\n')));
    expect(results('late.jsonl')).toEqual([JSON.parse(late)]);
  });

  it('prints the summary as JSON', async () => {
    const { out } = await run(write('orders.jsonl', `${order(1)}\nnonsense\n`), ['--json']);
    expect(JSON.parse(out)).toMatchObject({
      pipeline: 'revenue',
      engine: 'memory',
      records: 2,
      rejected: 1,
      rejectedBy: { NOT_JSON: 1 },
      sinks: { table: { rows: 1 }, late: { rows: 0 } },
    });
  });

  it('quarantines bad records with reason, line and payload, and keeps the good ones', async () => {
    const lines = [order(1), '', 'not json', order(2, { amountCents: 'x' }), `  ${order(3)}\r`];
    const input = write(
      'orders.jsonl',
      Buffer.concat([Buffer.from(`${lines.join('\n')}\n`), Buffer.from([0xff, 0x0a])]),
    );
    const { exitCode } = await run(input);
    expect(exitCode).toBe(0);
    expect(results('_quarantine.jsonl')).toMatchObject([
      { code: 'NOT_JSON', file: input, line: 3, payloadEncoding: 'text', payload: 'not json' },
      { code: 'SCHEMA', line: 4, path: 'amountCents', operator: 'orders', payload: lines[3] },
      { code: 'NOT_JSON', line: 6, payloadEncoding: 'base64', payload: '/w==' },
    ]);
    expect(results('table.jsonl')).toMatchObject([{ orders: 2 }]);
  });

  it('quarantines a line that is longer than a record may be, by its beginning', async () => {
    const long = order(2, { province: 'y'.repeat(2_000_000) });
    await run(write('orders.jsonl', [order(1), long, order(3)].join('\n')));
    expect(results('_quarantine.jsonl')).toMatchObject([
      { code: 'TOO_LARGE', line: 2, payload: long.slice(0, 1_024), payloadTruncated: true },
    ]);
    expect(results('table.jsonl')).toMatchObject([{ orders: 2 }]);
  });

  it('reads gzip by its content, whatever the name', async () => {
    await run(write('orders.data', gzipSync(Buffer.concat([Buffer.from(order(1)), Buffer.from(`\n${order(2)}`)]))));
    expect(results('table.jsonl')).toMatchObject([{ orders: 2 }]);
  });

  it('takes an empty file as an input without records', async () => {
    const { exitCode } = await run(write('orders.jsonl', ''));
    expect(exitCode).toBe(0);
    expect(results('table.jsonl')).toEqual([]);
    expect(results('_quarantine.jsonl')).toEqual([]);
  });

  it('makes the same files of the same input', async () => {
    const lines = Array.from({ length: 3_000 }, (_, i) => (i % 50 === 0 ? `bad ${i}` : order((i * 7_919) % 4_000)));
    const input = write('orders.jsonl', lines.join('\n'));
    const files = async () => {
      await run(input);
      return ['table.jsonl', 'late.jsonl', '_quarantine.jsonl'].map((name) =>
        readFileSync(join(folder, 'out', name), 'utf8'),
      );
    };
    const first = await files();
    expect(first[1]).not.toBe('');
    expect(await files()).toEqual(first);
  });

  it('gives on the embedded engines what it gives in memory', async () => {
    const lines = Array.from({ length: 3_000 }, (_, i) => (i % 50 === 0 ? `bad ${i}` : order(i)));
    const input = write('orders.jsonl', lines.join('\n'));
    await run(input);
    const inMemory = ['table.jsonl', '_quarantine.jsonl'].map(results);
    const { exitCode } = await run(input, ['--engine', 'embedded']);
    expect(exitCode).toBe(0);
    expect(['table.jsonl', '_quarantine.jsonl'].map(results)).toEqual(inMemory);
  });
});

describe('a run that fails', () => {
  const tooMany = () =>
    write('orders.jsonl', Array.from({ length: 200 }, (_, i) => (i % 3 === 0 ? '{}' : order(i))).join('\n'));

  it('leaves what was in the folder', async () => {
    mkdirSync(join(folder, 'out'));
    writeFileSync(join(folder, 'out', 'table.jsonl'), 'before');
    const { exitCode, err } = await run(tooMany());
    expect(exitCode).toBe(1);
    expect(err).toMatch(/^error TOO_MANY_REJECTED: 67 of 200 .*\nfix: .*--max-rejected 100%/);
    expect(readFileSync(join(folder, 'out', 'table.jsonl'), 'utf8')).toBe('before');
    expect(readdirSync(join(folder, 'out'))).toEqual(['table.jsonl']);
  });

  it('finishes when it may reject as many as it has to', async () => {
    const { exitCode } = await run(tooMany(), ['--max-rejected', '100%']);
    expect(exitCode).toBe(0);
    expect(results('_quarantine.jsonl')).toHaveLength(67);
  });

  it('ends without results when it is interrupted', async () => {
    const signal = AbortSignal.abort(new Interrupted());
    const { exitCode, err } = await run(write('orders.jsonl', order(1)), [], { signal });
    expect({ exitCode, err }).toEqual({ exitCode: 130, err: 'interrupted: nothing was written\n' });
    expect(readdirSync(join(folder, 'out'))).toEqual([]);
  });

  it('prints its error as JSON where the results would be', async () => {
    const { out, err } = await run(tooMany(), ['--json']);
    expect(out).toBe('');
    expect(JSON.parse(err)).toMatchObject({ error: { code: 'TOO_MANY_REJECTED', rejected: 67, records: 200 } });
  });
});

describe('a file of another form', () => {
  it.each([
    ['a CSV', 'id,province\n1,ZJ\n', 'line 1, is not JSONL: it has "id,province"'],
    [
      'a document over several lines',
      '[\n{"id":1},\n{"id":2}\n]',
      'line 1, is not JSONL: it has the beginning of a JSON document',
    ],
    ['a JSON array', `[${order(1)},${order(2)}]`, 'one JSON array of 2 values'],
    ['UTF-16', Buffer.from('\ufeff{"id":1}', 'utf16le'), 'UTF-16 text'],
    ['one endless line', 'x'.repeat(1_500_000), 'a line of 1500000 bytes'],
    ['a text after blank lines', '\n\nhello\n', 'line 3, is not JSONL'],
  ])('is refused: %s', async (_, content, message) => {
    const { exitCode, err } = await run(write('orders.jsonl', content));
    expect(exitCode).toBe(2);
    expect(err).toContain('error FILE_NOT_JSONL: ');
    expect(err).toContain(message);
    expect(existsSync(join(folder, 'out', 'table.jsonl'))).toBe(false);
  });

  it('is refused: gzip that was cut off, with the last line that could be read', async () => {
    const whole = gzipSync(Array.from({ length: 2_000 }, (_, i) => order(i)).join('\n'));
    const { exitCode, err } = await run(write('orders.jsonl.gz', whole.subarray(0, whole.length / 2)));
    expect(exitCode).toBe(2);
    expect(err).toMatch(/error FILE_NOT_JSONL: .*orders\.jsonl\.gz is gzip, but damaged or cut off after line \d+/);
  });

  it('is not meant by a first line that is broken alone', async () => {
    const { exitCode } = await run(write('orders.jsonl', `broken\n${order(1)}\n`));
    expect(exitCode).toBe(0);
    expect(results('_quarantine.jsonl')).toMatchObject([{ code: 'NOT_JSON', line: 1 }]);
  });
});

describe('wrong arguments', () => {
  const output = ['--output', 'never-made'];

  it.each([
    ['no input', [...output], 'MISSING_INPUT', 'Add --input orders=FILE'],
    ['an unknown source', [...output, '--input', 'ordrs=x'], 'UNKNOWN_SOURCE', "Did you mean 'orders'?"],
    ['an input without source', [...output, '--input', 'x.jsonl'], 'INVALID_ARGUMENT', '--input orders=x.jsonl'],
    ['an input without file', [...output, '--input', 'orders='], 'INVALID_ARGUMENT', '--input orders=FILE'],
    ['an input twice', [...output, '-i', 'orders=x', '-i', 'orders=y'], 'INVALID_ARGUMENT', 'A source reads one input'],
    ['a file that does not exist', [...output, '--input', 'orders=nope.jsonl'], 'FILE_NOT_FOUND', 'Check the path'],
    ['a folder as input', [...output, '--input', 'orders=docs'], 'FILE_NOT_FOUND', 'Check the path'],
    ['no output', ['--input', 'orders=x'], 'INVALID_ARGUMENT', 'See --help'],
    [
      'a file as output',
      ['-i', 'orders=README.md', '-o', 'README.md'],
      'OUTPUT_NOT_WRITABLE',
      'Give --output a folder',
    ],
    ['an unknown engine', [...output, '--engine', 'flink'], 'INVALID_ARGUMENT', 'See --help'],
    ['a share without percent', [...output, '--max-rejected', '5'], 'INVALID_ARGUMENT', 'See --help'],
    ['a misspelt option', [...output, '--inptu', 'orders=x'], 'INVALID_ARGUMENT', 'Did you mean --input?'],
  ])('are refused with their fix: %s', async (_, args, code, fix) => {
    const { exitCode, out, err } = await millrace(['run', revenue, ...args]);
    expect({ exitCode, out }).toEqual({ exitCode: 2, out: '' });
    expect(err).toMatch(new RegExp(`^error ${code}: .+\nfix: .+\n$`));
    expect(err).toContain(fix);
    expect(existsSync('never-made')).toBe(false);
  });
});
