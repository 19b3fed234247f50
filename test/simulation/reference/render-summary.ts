import type { Summary } from './run-seeds.ts';

const MAX_VIOLATIONS = 5;

/** A summary for people: what was run, what it met, and each failing seed with the way back to it. */
export const renderSummary = (summary: Summary, seconds: number): string => {
  const { seeds, steps, faults, reached, failures } = summary;
  const lines = [
    `${seeds} seeds in ${seconds.toFixed(1)} s (${(seeds / seconds).toFixed(0)} seeds/s, ${Math.round(steps / seeds)} decisions a seed)`,
    '',
    'faults injected',
    ...renderCounts(faults),
    '',
    'states reached',
    ...renderCounts(reached),
    '',
    ...failures.flatMap(renderFailure),
    failures.length === 0 ? 'no seed failed' : `${failures.length} seeds failed`,
  ];
  return lines.join('\n');
};

const renderCounts = (counts: Readonly<Record<string, number>>): string[] =>
  Object.entries(counts)
    .sort(([, a], [, b]) => b - a)
    .map(([name, count]) => `  ${name.padEnd(22)} ${String(count).padStart(9)}`);

const renderFailure = ({ seed, pipeline, violations, shrunk }: Summary['failures'][number]): string[] => [
  `seed ${seed} (${pipeline}) fails`,
  ...violations.slice(0, MAX_VIOLATIONS).map((violation) => `  ${violation}`),
  ...(shrunk === undefined
    ? []
    : [
        `  smallest failing run found (${shrunk.runs} runs): ${shrunk.events} events, faults: ${JSON.stringify(shrunk.faults)}`,
        ...shrunk.violations.slice(0, MAX_VIOLATIONS).map((violation) => `  ${violation}`),
        '  its last decisions:',
        ...shrunk.trace.map((line) => `  ${line}`),
      ]),
  `  see it again: npm run simulate -- --seed ${seed}`,
  '',
];
