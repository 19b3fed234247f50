import * as z from 'zod';
import { definitionError } from '../errors/millrace-error.ts';
import { definitionOf, partsOf } from './schema-parts.ts';

/** Where a schema cannot write what it reads. */
export interface EncodingProblem {
  /** From the root, which is `$`: `$.items[].at`. */
  readonly path: string;
  readonly problem: string;
}

/**
 * Makes sure that values can be written through a schema as JSON, and read back.
 *
 * @param owner who needs it, as the message begins: `operator 'by-province'`
 * @param role what the schema is: `the schema of its stream`
 * @throws `SCHEMA_CANNOT_ENCODE` with the path
 */
export const checkEncodes = (owner: string, role: string, schema: z.ZodType): void => {
  const found = encodingProblem(schema);
  if (found === undefined) return;
  throw definitionError(
    'SCHEMA_CANNOT_ENCODE',
    `${owner}: ${role} cannot encode: at ${found.path} ${found.problem}. Allowed is what JSON holds, and codecs.`,
    'Use z.codec() there, which reads and writes, or map() to plain JSON with a schema of its own before.',
    { owner, path: found.path, problem: found.problem },
  );
};

/** @returns the first problem, or `undefined` when the schema encodes */
export const encodingProblem = (schema: z.ZodType): EncodingProblem | undefined => {
  // What JSON holds as a whole it holds in every part: to ask zod about each of them would take a cold start several times as long.
  // It can also be wrong as a whole alone, such as two schemas of one id.
  const whole = jsonProblem(schema, '$');
  return locate(schema, '$', whole !== undefined, new Set()) ?? whole;
};

/**
 * @param written whether to ask zod about the scalars in it. Not on the reading side of a codec, which need only be free of transforms
 */
const locate = (
  schema: z.ZodType,
  path: string,
  written: boolean,
  seen: Set<z.ZodType>,
): EncodingProblem | undefined => {
  if (seen.has(schema)) return undefined;
  seen.add(schema);
  const def = definitionOf(schema);
  switch (def.type) {
    case 'transform':
      return { path, problem: 'is a transform, which reads but cannot write' };
    case 'promise':
    case 'success':
    case 'file':
      return { path, problem: `is a ${def.type}, which JSON cannot hold` };
    case 'pipe':
      return (
        locate(def.in as z.ZodType, path, written, seen) ?? locate(def.out as z.ZodType, path, false, new Set(seen))
      );
  }
  const parts = partsOf(schema);
  if (parts.length === 0 && written) return jsonProblem(schema, path);
  for (const part of parts) {
    const problem = locate(part.schema, path + part.step, written, seen);
    if (problem !== undefined) return problem;
  }
  return undefined;
};

const jsonProblem = (schema: z.ZodType, path: string): EncodingProblem | undefined => {
  try {
    z.toJSONSchema(schema, { io: 'input' });
    return undefined;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { path, problem: `is a ${definitionOf(schema).type}, which JSON cannot hold (zod: ${reason})` };
  }
};
