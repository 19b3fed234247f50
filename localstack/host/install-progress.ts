import { createLogUpdate } from 'log-update';
import type { InstallOptions } from './install.ts';
import type { PartName } from './parts.ts';

const names: Readonly<Record<PartName, string>> = {
  python: 'LocalStack and its Python packages',
  'runtime-client': "AWS's Lambda runtime client (compiled)",
  'dynamodb-local': 'DynamoDB Local',
};

const seconds = (sinceMs: number): string => `${Math.round((Date.now() - sinceMs) / 1_000)} s`;

/** Shows what is being installed: lines that count on a terminal, one line for each event elsewhere. */
export const showInstallProgress = (
  out: NodeJS.WriteStream = process.stdout,
): { readonly onPart: NonNullable<InstallOptions['onPart']>; stop(): void } => {
  const begunMs = new Map<PartName, number>();
  const update = out.isTTY ? createLogUpdate(out) : undefined;
  const draw = () =>
    update?.([...begunMs].map(([part, sinceMs]) => `  installing ${names[part]} … ${seconds(sinceMs)}`).join('\n'));
  const timer = update && setInterval(draw, 500);
  return {
    onPart: (part, state) => {
      if (state === 'begins') {
        begunMs.set(part, Date.now());
        if (update === undefined) out.write(`  installing ${names[part]} …\n`);
      } else {
        const line = `  installed ${names[part]} in ${seconds(begunMs.get(part) ?? Date.now())}\n`;
        begunMs.delete(part);
        update?.clear();
        out.write(line);
      }
      draw();
    },
    stop: () => {
      clearInterval(timer);
      update?.clear();
      update?.done();
    },
  };
};
