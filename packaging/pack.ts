/** `npm run pack`: the package as npm would get it. */
import { relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { textTable } from '../lib/core/text-table.ts';
import { PackError, type PackedPackage, packPackage } from './pack-package.ts';

const usage = `Usage: npm run pack -- [options]

Compiles what is published into dist/, checks it, and makes the tarball that \`npm install\` takes:
  npm install ../millrace/millrace-0.1.0.tgz

Options:
  --to DIR   where the tarball goes (default: here)
  --json     print a summary as JSON
  --help     show this

Exit codes: 0 done, 1 something is wrong with the package, 2 wrong arguments.
`;

const main = async (): Promise<number> => {
  const { values } = parseArgs({
    strict: true,
    options: {
      to: { type: 'string', default: '.' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(usage);
    return 0;
  }
  const packed = await packPackage({
    folder: resolve('dist'),
    destination: resolve(values.to),
    onStep: (step) => process.stderr.write(`${step} …\n`),
  });
  process.stdout.write(values.json ? `${JSON.stringify(packed, undefined, 2)}\n` : `\n${summary(packed)}\n`);
  return 0;
};

const summary = ({ tarball, sizeBytes, unpackedBytes, files }: PackedPackage): string => {
  const count = (of: (file: string) => boolean) => files.filter(of).length.toString();
  const isTemplate = (file: string) => file.startsWith('cli/templates/');
  return textTable(
    [{}, {}],
    [
      ['tarball', relative('.', tarball)],
      ['size', `${kilobytes(sizeBytes)}, ${kilobytes(unpackedBytes)} unpacked`],
      ['files', files.length.toString()],
      ['  modules', `${count((file) => file.endsWith('.js'))}, each with its declarations`],
      ['  of millrace init', count(isTemplate)],
      ['  to read', count((file) => file.endsWith('.md') || file === 'LICENSE')],
    ],
  );
};

const kilobytes = (bytes: number): string => `${Math.round(bytes / 1_000).toLocaleString('en-US')} kB`;

try {
  process.exitCode = await main();
} catch (error) {
  const { code, message } = error as NodeJS.ErrnoException;
  if (!(error instanceof PackError) && code?.startsWith('ERR_PARSE_ARGS') !== true) throw error;
  process.stderr.write(`${message}\n`);
  process.exitCode = error instanceof PackError ? 1 : 2;
}
