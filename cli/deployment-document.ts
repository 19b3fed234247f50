import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { MillraceError } from '../lib/errors/millrace-error.ts';
import { deploymentVariable } from '../lib/lambda/deployment.ts';
import type { Terminal } from './terminal.ts';

export interface DocumentOption {
  readonly deployment?: string;
}

/** Adds how a command that works on a deployed pipeline is told where its state and its streams are. */
export const withDocument = (command: Command): Command =>
  command.option('--deployment <file>', `JSON with the names of table and streams (default: ${deploymentVariable})`);

/** The document as text, and what errors call it. */
export interface DeploymentDocument {
  readonly text: string;
  readonly name: string;
}

/** @throws MillraceError `MISSING_INPUT`, `FILE_NOT_FOUND` */
export const readDocument = async (
  { deployment: file }: DocumentOption,
  { env }: Terminal,
): Promise<DeploymentDocument> => {
  if (file === undefined) {
    const text = env[deploymentVariable];
    if (text !== undefined && text !== '') return { text, name: `Environment variable ${deploymentVariable}` };
    throw new MillraceError('input', 'MISSING_INPUT', 'The names of the table and the streams are not known.', {
      fix: `Give --deployment FILE, or set ${deploymentVariable}: the JSON of the stack's output …Deployment.`,
    });
  }
  try {
    return { text: await readFile(file, 'utf8'), name: `The deployment in ${file}` };
  } catch (cause) {
    throw new MillraceError('input', 'FILE_NOT_FOUND', `${file} cannot be read: ${(cause as Error).message}.`, {
      fix: "Give the file with the JSON of the stack's output …Deployment.",
      cause,
    });
  }
};
