import { readFile } from 'node:fs/promises';
import { MillraceError } from '../lib/errors/millrace-error.ts';
import type { Plan } from '../lib/graph/plan.ts';
import { readPlan } from '../lib/graph/read-plan.ts';

/**
 * Reads a plan document, as `millrace plan FILE --json` prints it.
 * @throws MillraceError `FILE_NOT_FOUND`, `INVALID_ARGUMENT`
 */
export const loadPlan = async (file: string): Promise<Plan> => {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text === undefined) {
    throw new MillraceError('input', 'FILE_NOT_FOUND', `The plan's file ${file} does not exist or cannot be read.`, {
      fix: 'Check the path: it is taken from the folder where the command runs.',
      fields: { file },
    });
  }
  const plan = readPlan(parse(text));
  if (plan !== undefined) return plan;
  throw new MillraceError('input', 'INVALID_ARGUMENT', `${file} holds no plan, or one that was changed by hand.`, {
    fix: 'Give a document as millrace plan FILE --json printed it.',
    fields: { file },
  });
};

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
