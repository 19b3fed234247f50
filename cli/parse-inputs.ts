import { MillraceError } from '../lib/errors/millrace-error.ts';
import type { Pipeline } from '../lib/graph/pipeline.ts';

/**
 * `SOURCE=FILE` arguments as a map.
 * @throws MillraceError `INVALID_ARGUMENT`
 */
export const parseInputs = (pipeline: Pipeline, given: readonly string[]): Record<string, string> => {
  const inputs: Record<string, string> = {};
  for (const text of given) {
    const cut = text.indexOf('=');
    if (cut < 1 || cut === text.length - 1) throw notAnInput(pipeline, text, cut);
    const source = text.slice(0, cut);
    if (Object.hasOwn(inputs, source)) throw givenTwice(source);
    inputs[source] = text.slice(cut + 1);
  }
  return inputs;
};

const notAnInput = (pipeline: Pipeline, text: string, cut: number): MillraceError => {
  const source = pipeline.plan.stages.find(({ input }) => input.kind === 'source')?.id ?? 'SOURCE';
  const file = cut === -1 && text !== '' ? text : cut === 0 && text.length > 1 ? text.slice(1) : 'FILE';
  return new MillraceError('input', 'INVALID_ARGUMENT', `--input '${text}' is not of the form SOURCE=FILE.`, {
    fix: `For example: --input ${source}=${file}`,
    fields: { argument: text },
  });
};

const givenTwice = (source: string): MillraceError =>
  new MillraceError('input', 'INVALID_ARGUMENT', `--input is given twice for source '${source}'.`, {
    fix: `A source reads one input. Join files with: cat a.jsonl b.jsonl | millrace run … --input ${source}=-`,
    fields: { source },
  });
