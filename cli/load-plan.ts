import { readFile } from 'node:fs/promises';
import { MillraceError } from '../lib/errors/millrace-error.ts';
import type { Plan } from '../lib/graph/plan.ts';
import { planHashOf } from '../lib/graph/plan-pipeline.ts';

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
  const plan = parse(text);
  if (plan?.formatVersion === 1 && plan.hash === planHashOf(plan)) return plan;
  throw new MillraceError('input', 'INVALID_ARGUMENT', `${file} holds no plan, or one that was changed by hand.`, {
    fix: 'Give a document as millrace plan FILE --json printed it.',
    fields: { file },
  });
};

const parse = (text: string): Plan | undefined => {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Plan) : undefined;
  } catch {
    return undefined;
  }
};
