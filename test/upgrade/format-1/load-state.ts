import { loadRun, readRun, type StoredRun } from '../../support/stored-run.ts';
import type { VersionsRig } from '../../support/versions-rig.ts';
import type { Pane, Visit } from './pipeline.ts';

/** See `state.json`. */
interface VisitsRun extends StoredRun {
  readonly sent: readonly Omit<Visit, 'text'>[];
  readonly output: Readonly<Record<'fired' | 'visited' | 'table', readonly Pane[]>>;
}

export const storedRun = readRun<VisitsRun>(new URL('./state.json', import.meta.url));

export const loadState = (): Promise<VersionsRig> => loadRun(storedRun, 2);
