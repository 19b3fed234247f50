/** `npm run size`: what is in the functions of the reference pipelines, and whether it is within the budget. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { textTable } from '../lib/core/text-table.ts';
import { buildReferenceBundles, type ReferenceBundle } from './reference-bundles.ts';

const shown = 16;

const show = ({ pipeline, atStart, contents, codeBytes }: ReferenceBundle): void => {
  const parts = [...contents];
  const rest = parts.slice(shown).reduce((sum, [, bytes]) => sum + bytes, 0);
  const start = parts.reduce((sum, [, bytes]) => sum + bytes, 0);
  const rows = [...parts.slice(0, shown), [`${parts.length - shown} more`, rest] as const];
  process.stdout.write(
    `${pipeline}: a cold start loads ${atStart.length} files; ${kilobytes(codeBytes - start)} kB more wait until they are needed\n` +
      `${textTable(
        [{ align: 'right' }, {}],
        rows.map(([what, bytes]) => [`${kilobytes(bytes)} kB`, what]),
      )}\n\n`,
  );
};

const kilobytes = (bytes: number): string => (bytes / 1_000).toFixed(1);

const bundles = await buildReferenceBundles();
for (const bundle of bundles) show(bundle);
// For `.size-limit.js`, which holds the budget.
writeFileSync(
  '.millrace/bundles/bundles.json',
  JSON.stringify(bundles.map(({ pipeline, atStart }) => ({ pipeline, atStart }))),
);
process.exitCode = spawnSync('size-limit', { stdio: 'inherit' }).status ?? 1;
