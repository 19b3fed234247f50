import { type Aggregator, count, definePipeline, milliseconds, type Pipeline, session, sum, tumbling } from 'millrace';
import { appendTo, firstsTable, GAP_MS, PANE_MS, type Visit, visitsSource, WIDE_MS } from './pipeline.ts';

interface Ids {
  readonly ids: readonly string[];
}

const objects: Aggregator<Visit, Ids, string[]> = {
  kind: 'ids',
  version: 2,
  upcasts: { 1: (ids: readonly string[]) => ({ ids }) },
  create: () => ({ ids: [] }),
  add: ({ ids }, { id }) => ({ ids: [...ids, id] }),
  merge: (left, right) => ({ ids: [...left.ids, ...right.ids] }),
  result: ({ ids }) => [...ids].sort(),
};

/** What follows on `pipeline`: other names, another order, other forms, more and less of it. */
export const nextPipeline = (): Pipeline =>
  definePipeline('visits', { quarantine: { maxFraction: 1 } }, (p) => {
    const visits = p.source('in', visitsSource()).filter('kept', () => true);
    const byKey = visits.keyBy('by-key', ({ key }) => key);
    byKey
      .window('sessions-2', session(milliseconds(GAP_MS)), { renamedFrom: 'sessions' })
      .aggregate('session-lists', { ids: objects })
      .map('session-row', ({ key, window, value }) => ({ key, start: window.startMs, ids: value.ids }))
      .sink('visited-2', appendTo('visited'), { renamedFrom: 'visited' });
    byKey
      .window('panes', tumbling(milliseconds(PANE_MS)))
      .aggregate('lists-2', { length: sum((visit) => visit.text.length), ids: objects }, { renamedFrom: 'lists' })
      .map('row', ({ key, window, value }) => ({ key, start: window.startMs, ids: value.ids }))
      .sink('fired', appendTo('fired'));
    byKey
      .window('counts', tumbling(milliseconds(PANE_MS)))
      .aggregate('pane-counts', { n: count() })
      .map('count-row', ({ key, window, value }) => ({ key, start: window.startMs, ids: [String(value.n)] }))
      .sink('counted', appendTo('counted'));
    visits
      .keyBy('by-first', ({ key }) => key.slice(0, 1))
      .window('firsts-2', tumbling(milliseconds(WIDE_MS)), { renamedFrom: 'firsts' })
      .aggregate('first-lists', { n: count(), ids: objects })
      .map('first-row', ({ key, window, value }) => ({ key, start: window.startMs, ids: value.ids }))
      .sink('table', firstsTable());
  });
