/** `npm run demo`: the revenue pipeline on this machine, with real traffic, real kills and a check at the end. */
import { parseDemoArguments, usage } from './demo/arguments.ts';
import { runDemo } from './demo/run-demo.ts';
import { runProgram } from './program/run-program.ts';

await runProgram(usage, parseDemoArguments(process.argv.slice(2)), runDemo);
