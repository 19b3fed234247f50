import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where what is downloaded and compiled stays between runs, outside of the checkout. It may be deleted at any time. */
export const cacheFolder = (env: NodeJS.ProcessEnv = process.env): string =>
  env.MILLRACE_CACHE ?? join(env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'millrace');
