#!/usr/bin/env node
// Plain JavaScript that any Node can read: an old one gets a sentence here, where the rest would be a syntax error.

const environmentProblem = 3;

if (process.features.typescript) {
  const { main } = await import('./main.ts');
  process.exitCode = await main(process.argv.slice(2));
} else {
  process.stderr.write(
    `error NODE_TOO_OLD: Millrace runs .ts files as they are, which Node ${process.version} does not do.\n` +
      'fix: Use Node 22.18 or newer. In a project, `npx millrace …` and npm scripts do so if it has the development ' +
      'dependency node@24; in a checkout of Millrace: npm run --silent millrace -- …\n',
  );
  process.exitCode = environmentProblem;
}
