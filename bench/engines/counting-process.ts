/** A container with so many keys stored. `flat-commits.ts` asks it for a few commits at a time. */
import { SeededRandom } from '../../lib/testing/seeded-random.ts';
import { keyOf } from '../state/count-keys.ts';
import { CountingJob, type StageCost } from '../state/counting-job.ts';

export interface CountingOptions {
  readonly storedKeys: number;
  /** Of all that are stored, drawn anew for each commit. */
  readonly touchedKeys: number;
  readonly eventsOfEach: number;
  /** Begin with containers that load what is stored, and not with those that have counted it. */
  readonly loaded: boolean;
}

/** Commits that it is asked for. */
export interface CountingRequest {
  readonly commits: number;
}

/** Of each commit: what it has cost the stages. */
export type CountingAnswer = readonly (readonly StageCost[])[];

const { storedKeys, touchedKeys, eventsOfEach, loaded } = JSON.parse(process.argv[2] ?? '{}') as CountingOptions;
const filledAtOnce = 5_000;
const random = new SeededRandom(1);
const job = new CountingJob();

const draw = (): string[] => {
  const drawn = new Set<number>();
  while (drawn.size < touchedKeys) drawn.add(Math.floor(random.fraction() * storedKeys));
  const keys = [...drawn].map(keyOf);
  return Array.from({ length: eventsOfEach }, () => keys).flat();
};

for (let i = 0; i < storedKeys; i += filledAtOnce)
  await job.count(Array.from({ length: Math.min(filledAtOnce, storedKeys - i) }, (_, k) => keyOf(i + k)));

if (loaded) {
  await job.settle();
  job.restart();
}

process.on('message', async ({ commits }: CountingRequest) => {
  const costs: (readonly StageCost[])[] = [];
  for (let i = 0; i < commits; i++) costs.push(await job.count(draw()));
  process.send?.(costs satisfies CountingAnswer);
});
