import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import revenue from '../../../functions/revenue/pipeline.ts';
import { renderPlan } from '../../../lib/graph/render-plan.ts';
import { millrace } from './captured-terminal.ts';

describe('millrace plan', () => {
  it('prints the plan as text', async () => {
    const { exitCode, out } = await millrace(['plan', 'functions/revenue/pipeline.ts']);
    expect(exitCode).toBe(0);
    expect(out).toBe(`${renderPlan(revenue.plan)}\n`);
  });

  it('prints the plan as the document that is deployed', async () => {
    const { out } = await millrace(['plan', 'functions/revenue/pipeline.ts', '--json']);
    expect(JSON.parse(out)).toEqual(JSON.parse(JSON.stringify(revenue.plan)));
  });
});

describe('millrace', () => {
  it.each([['run'], ['plan'], ['upgrade'], ['init'], ['quarantine', 'list']])(
    'shows examples in the help of %s',
    async (...command) => {
      const { exitCode, out } = await millrace([...command, '--help']);
      expect(exitCode).toBe(0);
      expect(out).toMatch(/Examples:\n {2}\$ .*millrace /);
      expect(out).toContain('--json');
    },
  );

  it('prints its version', async () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    expect(await millrace(['--version'])).toEqual({ exitCode: 0, out: `${version}\n`, err: '' });
  });

  it('shows its commands when none is given, and says by its exit code that one is needed', async () => {
    const { exitCode, err } = await millrace([]);
    expect(exitCode).toBe(2);
    expect(err).toContain('run a pipeline over files');
  });

  it('suggests the command that was meant', async () => {
    const { exitCode, err } = await millrace(['plna']);
    expect(exitCode).toBe(2);
    expect(err).toBe("error INVALID_ARGUMENT: unknown command 'plna'.\nfix: Did you mean plan?\n");
  });

  it('shows stacks only when it is asked to', async () => {
    const args = ['plan', 'no-such-file.ts'];
    expect((await millrace(args)).err).not.toContain('    at ');
    expect((await millrace([...args, '--debug'])).err).toContain('    at ');
  });
});
