/** `npm run localstack`: LocalStack on this machine, without Docker. */
import { parseLocalStackArguments, usage } from './host/arguments.ts';
import { runCommand } from './host/run-command.ts';
import { runProgram } from './program/run-program.ts';

await runProgram(usage, parseLocalStackArguments(process.argv.slice(2)), runCommand);
