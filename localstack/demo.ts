/** `npm run demo`: the revenue pipeline on this machine, with real traffic, real kills and a check at the end. */
import { parseDemoArguments, usage } from './demo/arguments.ts';
import { describeError } from './demo/describe-error.ts';
import { runDemo } from './demo/run-demo.ts';

const main = async (): Promise<number> => {
  const parsed = parseDemoArguments(process.argv.slice(2));
  if (parsed.kind === 'help') {
    process.stdout.write(usage);
    return 0;
  }
  if (parsed.kind === 'wrong') {
    process.stderr.write(`${parsed.problem}\n--help shows what there is.\n`);
    return 2;
  }
  return runDemo(parsed.options);
};

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`${describeError(error)}\n`);
  process.exitCode = 1;
}
