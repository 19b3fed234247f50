import { closestName } from '../../core/closest-name.ts';
import { MillraceError } from '../../errors/millrace-error.ts';
import type { SourceNode } from '../../graph/logical-graph.ts';
import type { Pipeline } from '../../graph/pipeline.ts';
import { findInput, type InputFile } from './open-input.ts';

export interface SourceInput {
  readonly source: SourceNode;
  readonly file: InputFile;
}

/**
 * Finds the file of every source, before anything is started.
 * @throws MillraceError `UNKNOWN_SOURCE`, `MISSING_INPUT`, `FILE_NOT_FOUND`, `INVALID_ARGUMENT`
 */
export const checkInputs = async (
  pipeline: Pipeline,
  inputs: Readonly<Record<string, string>>,
): Promise<readonly SourceInput[]> => {
  const sources = [...pipeline.graph.nodes.values()].filter((node) => node.kind === 'source');
  const known = sources.map(({ id }) => id);
  for (const given of Object.keys(inputs)) if (!known.includes(given)) throw unknownSource(pipeline, given, known);
  const missing = known.filter((id) => inputs[id] === undefined);
  if (missing.length > 0) throw missingInput(pipeline, missing, known);
  if (Object.values(inputs).filter((path) => path === '-').length > 1) {
    throw new MillraceError('input', 'INVALID_ARGUMENT', 'Standard input (-) is given for more than one source.', {
      fix: 'Give it for one source, and files for the others.',
    });
  }
  return Promise.all(
    sources.map(async (source) => ({ source, file: await findInput(source.id, inputs[source.id] as string) })),
  );
};

const unknownSource = (pipeline: Pipeline, given: string, known: readonly string[]): MillraceError => {
  const meant = closestName(given, known);
  return new MillraceError(
    'input',
    'UNKNOWN_SOURCE',
    `Pipeline '${pipeline.name}' has no source '${given}'; it has ${quoted(known)}.`,
    {
      fix: meant === undefined ? `Use one of ${quoted(known)}.` : `Did you mean '${meant}'?`,
      fields: { source: given, known },
    },
  );
};

const missingInput = (pipeline: Pipeline, missing: readonly string[], known: readonly string[]): MillraceError =>
  new MillraceError(
    'input',
    'MISSING_INPUT',
    `No input is given for ${missing.length === 1 ? 'source' : 'sources'} ${quoted(missing)} of pipeline '${pipeline.name}', which reads ${quoted(known)}.`,
    {
      fix: `Add ${missing.map((id) => `--input ${id}=FILE`).join(' ')}. An empty file is an input, too.`,
      fields: { missing, known },
    },
  );

const quoted = (names: readonly string[]): string => names.map((name) => `'${name}'`).join(', ');
