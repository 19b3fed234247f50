import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import revenue from '../../../functions/revenue/pipeline.ts';
import { millrace } from './captured-terminal.ts';
import packed from './fixtures/packed-pipeline.ts';

/** Commands of docs/cost.md, each with the block that follows it. */
const blocks = [
  ...readFileSync('docs/cost.md', 'utf8').matchAll(/```sh\nmillrace (cost .*)\n```\n\n```\n([\s\S]*?)```/g),
].map(([, command = '', printed = '']) => [command, printed] as const);

describe('docs/cost.md', () => {
  it.each(blocks)('has what the command prints: %s', async (command, printed) => {
    const { exitCode, out } = await millrace(command.split(' '));
    expect(exitCode).toBe(0);
    expect(printed).toBe(out);
  });

  it('has the reference pipeline, and one whose events are packed', () => {
    for (const { name } of [revenue, packed])
      expect(blocks.some(([, printed]) => printed.startsWith(`${name}: `))).toBe(true);
  });
});

describe('millrace cost', () => {
  const args = ['cost', 'functions/revenue/pipeline.ts', '--events-per-second', '1000', '--keys', '31'];

  it('has the compared designs in its document where they are asked for', async () => {
    const { out } = await millrace([...args, '--compare', '--json']);
    expect(JSON.parse(out)).toMatchObject({
      pipeline: 'revenue',
      designs: expect.arrayContaining([expect.objectContaining({ design: 'UpdateItem for each record', usd: 0.625 })]),
    });
    expect(JSON.parse((await millrace([...args, '--json'])).out)).not.toHaveProperty('designs');
  });

  it('takes the mode of the streams', async () => {
    const { out } = await millrace([...args, '--shards', 'on-demand']);
    expect(out).toContain('streams of sources, on demand');
    expect(out).toContain('shards between stages');
    const { exitCode, err } = await millrace([...args, '--shards', 'few']);
    expect(exitCode).toBe(2);
    expect(err).toMatch(/^error INVALID_ARGUMENT: .*'few' is invalid/);
  });
});
