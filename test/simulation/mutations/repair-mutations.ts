import { type Mutation, one, tested } from './mutation.ts';

/** Second tries, keys that wait, decisions, and records that end their process: each rule of them broken. */
export const repairMutations: readonly Mutation[] = [
  tested(
    'unit/runtime/inherit.test.ts',
    one(
      'an operator repairs what is at work',
      'a child does not know what was redriven of its parent',
      'runtime/inherit.ts',
      'lp === -1 || (lp >= from && lp <= to)',
      'lp >= from && lp <= to',
    ),
  ),
  one(
    'an operator repairs what is at work',
    'the state does not say what was redriven',
    'runtime/redrive-piece.ts',
    'if (!isKnown) session.state.set(entry.lp, task.table, entry.id, 1);',
    '',
  ),
  one(
    'an operator repairs what is at work',
    'nobody asks the state whether a record was redriven',
    'runtime/redrive-piece.ts',
    'const isKnown = session.state.get(entry.lp, task.table, entry.id) !== undefined;',
    'const isKnown = session.state.get(entry.lp, task.table, entry.id) === -1;',
  ),
  one(
    'an operator repairs what is at work',
    'what was in quarantine before is redriven, although it may be gone by now',
    'runtime/run-redrive.ts',
    'there = await readQuarantined(stores, batch);',
    'there = batch;',
  ),
  one(
    'an operator repairs what is at work',
    'the state forgets what was redriven before that is on record elsewhere',
    'runtime/run-redrive.ts',
    'if (marked.length > 0) await markRedriven(stores, marked);\n    settled = step.ledger;',
    'settled = step.ledger;\n    if (settled.length === 0 && marked.length > 0) await markRedriven(stores, marked);',
  ),
  one(
    'an operator repairs what is at work',
    'an item leaves the quarantine before it is on record that it was redriven',
    'runtime/quarantine.ts',
    '  await stores.items.putMany(records.map((record) => ({ ...markKey(record), n: record.n, i: record.index })));\n',
    '  await stores.items.deleteMany(records.map(itemKey));\n  await stores.items.putMany(records.map((record) => ({ ...markKey(record), n: record.n, i: record.index })));\n',
  ),
  one(
    'an operator repairs what is at work',
    'what is rejected again forgets how often it was tried',
    'runtime/redrive-piece.ts',
    'redrives: (origin.redrives ?? 0) + 1',
    'redrives: 1',
  ),
  {
    row: 'an operator repairs what is at work',
    name: 'items that a frozen publisher writes again are taken for new ones',
    patches: [
      {
        file: 'lib/runtime/quarantine.ts',
        find: 'if (marks[i] === undefined) yield*',
        replace: 'yield*',
      },
      {
        file: 'lib/runtime/quarantine.ts',
        find: 'item === undefined || marks[i] !== undefined ?',
        replace: 'item === undefined ?',
      },
    ],
  },
  one(
    'an operator repairs what is at work',
    'what is skipped is processed all the same',
    'runtime/skip.ts',
    'sequenceNumber: last?.sequenceNumber ?? before.sequenceNumber,',
    'sequenceNumber: before.sequenceNumber,',
  ),
  one(
    'an operator repairs what is at work',
    'what is skipped is not kept',
    'runtime/skip.ts',
    'for (const record of skip.records) {',
    'for (const record of skip.records.slice(1)) {',
  ),
  tested(
    'regression/redrive-between-slices.test.ts',
    one(
      'an operator repairs what is at work',
      'what is redriven between two slices of a firing is judged by the head',
      'runtime/redrive-keyed.ts',
      'Math.max(state.head.watermarkMs, state.marks.watermarkMs())',
      'state.head.watermarkMs',
    ),
  ),
  one(
    'a key waits for what was rejected',
    'rows of a parked key are applied as they come',
    'runtime/compute-keyed.ts',
    'if (this.parking.mayHold(lp) && this.parking.get(lp, keyTextOf(row)) !== undefined) {',
    'if (this.parking.mayHold(lp) && this.parking.get(lp, keyTextOf(row)) === null) {',
  ),
  one(
    'a key waits for what was rejected',
    'panes of a parked key fire',
    'runtime/fire-timers.ts',
    '  parking.mayHold(lp) && parking.get(lp,',
    '  parking.mayHold(-1) && parking.get(lp,',
  ),
  one(
    'a key waits for what was rejected',
    'what a parked key has missed is judged by the watermark of its release',
    'runtime/release-key.ts',
    '  session.asOfMs = watermarkMs;\n',
    '',
  ),
  tested(
    'unit/runtime/parking.test.ts',
    one(
      'a key waits for what was rejected',
      'panes that were due while a key waited fire when all of its rows are in',
      'runtime/release-key.ts',
      'if (waiting[1] > watermarkMs) {',
      'if (waiting[1] < watermarkMs) {',
    ),
  ),
  one(
    'a key waits for what was rejected',
    'a key goes on although its blocker was rejected again',
    'runtime/redrive-keyed.ts',
    "if (isBlocker && outcome === 'done') release",
    "if (isBlocker && outcome !== 'later') release",
  ),
  tested(
    'regression/released-panes.test.ts',
    one(
      'a key waits for what was rejected',
      'a redrive ends although panes of keys that go on are due',
      'runtime/run-redrive.ts',
      'unsettled = isAtRest ? new Set() : lps;',
      'unsettled = new Set(settled.map(({ lp }) => lp));',
    ),
  ),
  one(
    'a record ends its process',
    'tries are not counted',
    'runtime/try-counter.ts',
    'const before = found?.q === sequenceNumber ? (found.c as number) : 0;',
    'const before = found?.q === sequenceNumber ? (found.c as number) * 0 : 0;',
  ),
  tested(
    'unit/runtime/try-counter.test.ts',
    one(
      'a record ends its process',
      'the first record of a batch is blamed for what another one does',
      'runtime/crash-watch.ts',
      'if (this.#tries > LAST_TRY) this.crashed.add(sequenceNumber);',
      'if (this.#tries >= LAST_TRY) this.crashed.add(sequenceNumber);',
    ),
  ),
  one(
    'a record ends its process',
    'a record that is suspected is not computed alone',
    'runtime/task.ts',
    'watch.isSingle ? fresh.slice(0, 1) : fresh',
    'fresh',
  ),
  tested(
    'unit/runtime/try-counter.test.ts',
    one(
      'a record ends its process',
      'a count is not taken back when computing has ended',
      'runtime/crash-watch.ts',
      'if (this.#counting === undefined || this.#tries <= 1) return;',
      'if (this.#tries >= 0) return;',
    ),
  ),
];
