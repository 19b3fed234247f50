import { mkdir, mkdtemp, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { MillraceError } from '../../errors/millrace-error.ts';

/**
 * A folder for results. Files are written aside and moved to their names together, so a run that fails leaves what was
 * there before.
 */
export class OutputFolder {
  readonly path: string;
  readonly #aside: string;
  readonly #names = new Set<string>();

  private constructor(path: string, aside: string) {
    this.path = path;
    this.#aside = aside;
  }

  /** Creates the folder where it is missing. @throws MillraceError `OUTPUT_NOT_WRITABLE` */
  static async open(path: string): Promise<OutputFolder> {
    try {
      await makeFolder(path);
      return new OutputFolder(path, await mkdtemp(join(path, '.millrace-')));
    } catch (error) {
      throw notWritable(path, error);
    }
  }

  /** Where to write the file that will get this name. */
  prepare(name: string): string {
    this.#names.add(name);
    return join(this.#aside, name);
  }

  /** Where it will be. */
  fileOf(name: string): string {
    return join(this.path, name);
  }

  /** Moves the files to their names. */
  async publish(): Promise<void> {
    for (const name of this.#names) await rename(join(this.#aside, name), this.fileOf(name));
  }

  /** Removes what was not published. */
  async discard(): Promise<void> {
    await rm(this.#aside, { recursive: true, force: true });
  }

  /** The error to throw for what went wrong while it was written. */
  describe(error: unknown): unknown {
    const { code, syscall } = error as NodeJS.ErrnoException;
    return code !== undefined && syscall !== undefined && fileErrors.has(code) ? notWritable(this.path, error) : error;
  }
}

/** As `mkdir` with `recursive` does, which never returns where the system refuses a folder by ENOENT (under /proc). */
const makeFolder = async (path: string): Promise<void> => {
  const found = await stat(path).catch(() => undefined);
  if (found?.isDirectory() === true) return;
  if (found !== undefined) throw new Error('it is no folder');
  const parent = dirname(path);
  if (parent !== path) await makeFolder(parent);
  await mkdir(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
};

const fileErrors = new Set([
  'EACCES',
  'EDQUOT',
  'EEXIST',
  'EIO',
  'EISDIR',
  'EMFILE',
  'ENOSPC',
  'ENOTDIR',
  'EPERM',
  'EROFS',
]);

const notWritable = (path: string, cause: unknown): MillraceError =>
  new MillraceError(
    'input',
    'OUTPUT_NOT_WRITABLE',
    `The results cannot be written to ${path}: ${(cause as Error).message}.`,
    {
      fix: 'Give --output a folder that can be created or written, on a disk with room. What was there before is unchanged.',
      fields: { path },
      cause,
    },
  );
