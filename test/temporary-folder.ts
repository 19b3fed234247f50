import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Before all tests: what they, and CDK in them, put into the folder for temporary files goes into one of this run, which is removed
 * when it ends, however a test did.
 */
const setup = (): (() => void) => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-test-'));
  process.env.TMPDIR = folder;
  return () => rmSync(folder, { recursive: true, force: true });
};

export default setup;
