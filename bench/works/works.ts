import { filterMap, repartitioned } from './filter-map.ts';
import { intervalJoin } from './interval-join.ts';
import { sessionCount } from './session.ts';
import { slidingCount } from './sliding.ts';
import { tumblingCount } from './tumbling.ts';
import type { Work, WorkId } from './work.ts';

/** All of them, in the order of the tables. */
export const works: readonly Work[] = [
  tumblingCount,
  slidingCount,
  sessionCount,
  intervalJoin,
  filterMap,
  repartitioned,
];

export const workOf = (id: WorkId): Work => works.find((work) => work.id === id) as Work;
