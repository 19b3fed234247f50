/** `npm run localstack`: LocalStack on this machine, without Docker. */
import { MillraceError } from 'millrace';
import { parseLocalStackArguments, usage } from './host/arguments.ts';
import { runCommand } from './host/run-command.ts';

const main = async (): Promise<number> => {
  const parsed = parseLocalStackArguments(process.argv.slice(2));
  if (parsed.kind === 'help') {
    process.stdout.write(usage);
    return 0;
  }
  if (parsed.kind === 'wrong') {
    process.stderr.write(`${parsed.problem}\n--help shows what there is.\n`);
    return 2;
  }
  return runCommand(parsed.options);
};

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof MillraceError)) throw error;
  process.stderr.write(`error ${error.code}: ${error.message}\nfix: ${error.fix}\n`);
  process.exitCode = 3;
}
