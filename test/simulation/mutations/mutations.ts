import { gapMutations } from './gap-mutations.ts';
import { type Mutation, one } from './mutation.ts';
import { reshardMutations } from './reshard-mutations.ts';

/** The rules of the protocol, each of them broken. The simulator has to notice every one. */
export const mutations: readonly Mutation[] = [
  one(
    'a commit follows although outputs of the last one are not out',
    'runtime/task-head.ts',
    'if (!movedOn && !isEmptyOutbox(outbox)) {',
    'if (!movedOn && !isEmptyOutbox(outbox) && head.n < 0) {',
  ),
  one(
    'the outputs of a tick or a mark are trusted to be out when the mapping moves on',
    'runtime/task-head.ts',
    "head.kind === 'batch' &&",
    "head.kind !== 'genesis' &&",
  ),
  one(
    'outputs of commits that others made are taken for published',
    'runtime/task-head.ts',
    'if (found > 0) this.#published = false;',
    '',
  ),
  one(
    'records that were committed are not filtered',
    'runtime/task.ts',
    'if (seen === undefined) return records;',
    'return records;',
  ),
  one(
    'outputs go out before the commit',
    'runtime/task.ts',
    '    if (await this.#head.append(commit, piece.recordCount)) {',
    '    await this.#publisher.publish(this.#options.unit, commit.header, commit.body.outbox, deadline);\n    if (await this.#head.append(commit, piece.recordCount)) {',
  ),
  one(
    'what belongs to another shard is not relayed',
    'runtime/task.ts',
    'if (piece.relays.length > 0) await',
    'if (piece.relays.length < 0) await',
  ),
  {
    name: 'what belongs to another shard is relayed after the commit',
    patches: [
      {
        file: 'lib/runtime/task.ts',
        find: 'if (piece.relays.length > 0) await',
        replace: 'if (piece.relays.length < 0) await',
      },
      {
        file: 'lib/runtime/task.ts',
        find: '      for (const rejection of piece.session.rejections) this',
        replace:
          '      if (piece.relays.length > 0) await this.#publisher.relay(this.#options.stage, piece.relays, deadline);\n      for (const rejection of piece.session.rejections) this',
      },
    ],
  },
  one('the cache is trusted after an error', 'runtime/task.ts', '      this.#head.drop();\n', ''),
  one(
    'a slot of genesis is put without a condition',
    'commit/commit-log.ts',
    "genesisSlot(n), this.ringSize), { kind: 'absent' })",
    "genesisSlot(n), this.ringSize), { kind: 'none' })",
  ),
  one(
    'READY is put without a condition',
    'commit/commit-log.ts',
    "{\n      kind: 'equals',\n      attribute: 'st',\n      value: 'CREATING',\n    }",
    "{ kind: 'none' }",
  ),
  one(
    'a commit is put without a condition',
    'commit/commit-log.ts',
    "{ kind: 'equals', attribute: 'n', value: header.n - this.ringSize }",
    "{ kind: 'none' }",
  ),
  one(
    "another writer's commit is taken for one's own",
    'commit/commit-log.ts',
    'return found.n === header.n && found.attemptId === header.attemptId;',
    'return found.n === header.n;',
  ),
  one(
    'an unknown outcome is taken for success',
    'commit/commit-log.ts',
    "const item = encodeSlot(this.unit, { header, payload }, this.ringSize);\n    const put = await this.#items.put(item, { kind: 'equals', attribute: 'n', value: header.n - this.ringSize });",
    "const item = encodeSlot(this.unit, { header, payload }, this.ringSize);\n    const put = await this.#items.put(item, { kind: 'equals', attribute: 'n', value: header.n - this.ringSize }).catch(() => ({ applied: true as const }));\n",
  ),
  one(
    'the registry moves without a condition',
    'commit/commit-log.ts',
    "{ kind: 'equals', attribute: 'n', value: from }",
    "{ kind: 'none' }",
  ),
  one(
    'a snapshot whose fate is unknown is taken for lost, and deleted',
    'commit/commit-log.ts',
    "(put.existing.n as number) > to.n ? 'unknown' : 'lost'",
    "'lost'",
  ),
  one(
    'a slot is overwritten that no snapshot covers',
    'runtime/task-store.ts',
    '(this.#registry as Registry).n > n - this.#log.ringSize',
    'n > 0',
  ),
  one(
    'a snapshot that loses its race counts as written',
    'commit/snapshot.ts',
    "if (outcome !== 'moved') return undefined;",
    '',
  ),
  one('blobs are collected although they are in use', 'commit/snapshot.ts', 'new Set(keep.map(blobName))', 'new Set()'),
  one(
    'a snapshot forgets what became dirty before it',
    'commit/snapshot.ts',
    'if (!partition.isDirty && current === sections) return',
    'if (!partition.isDirty || sections.length > 1) return',
  ),
  one(
    'panes of partitions that are not loaded are not waited for',
    'runtime/fire-timers.ts',
    'if (partition.timerMs <= watermarkMs) isAll = false;',
    '',
  ),
  one(
    'what is loaded replaces what changed since the snapshot',
    'state/state-partition.ts',
    'if ((this.dirty[table] as Map<string, number>).has(key)) continue;',
    '',
  ),
  one(
    'what changed after a snapshot of another container counts as covered',
    'state/state-partition.ts',
    'if (changedBy > n) continue;',
    '',
  ),
  one(
    'unloading forgets when a partition is due',
    'state/state-partition.ts',
    'this.#stored = { timerMs: this.timerMs,',
    'this.#stored = { timerMs: Number.POSITIVE_INFINITY,',
  ),
  one(
    'a change of a partition that is not loaded sets no timer',
    'state/state-partition.ts',
    '} else if (timeMs < this.#stored.timerMs) {',
    '} else if (timeMs < -1) {',
  ),
  one(
    'the snapshot forgets when its partitions are due',
    'commit/snapshot.ts',
    'Number.isFinite(timerMs) ? timerMs : null',
    'timerMs < 0 ? timerMs : null',
  ),
  one(
    'a packet that was applied is applied again',
    'runtime/channel.ts',
    "if (packet.n <= applied) return 'drop';",
    "if (packet.n <= applied) return 'apply';",
  ),
  one(
    'a packet is applied before the one that it follows',
    'runtime/channel.ts',
    "if (prev > applied) return 'hold';",
    "if (prev > applied) return 'apply';",
  ),
  one(
    'the watermark is the greatest of the producers',
    'commit/marks.ts',
    'if (watermarkMs < least) least = watermarkMs;',
    'if (least === MAX_WATERMARK_MS || watermarkMs > least) least = watermarkMs;',
  ),
  one(
    'the watermark leaves before the last panes',
    'runtime/compute-keyed.ts',
    'watermarkMs: isLast ? targetMs : state.head.watermarkMs',
    'watermarkMs: targetMs',
  ),
  one(
    'records are taken between two slices of firing',
    'runtime/compute-keyed.ts',
    'for (const record of isFiring ? [] : records) {',
    'for (const record of records) {',
  ),
  one(
    'a commit that stops inside a batch says that it took it',
    'runtime/compute-keyed.ts',
    "kind: taken === records.length && isLast ? 'batch' : 'mark'",
    "kind: 'batch'",
  ),
  one(
    'records whose panes may be closed are combined',
    'operators/combine.ts',
    'if (oldestMs + assigner.sizeMs - 1 + latenessMs <= session.watermarkMs) return false;',
    '',
  ),
  one(
    'what a failing record did is not undone',
    'runtime/piece.ts',
    '      this.session.rollback();\n      this.reject(origin(), error);',
    '      this.reject(origin(), error);',
  ),
  one(
    'records that a put did not take are forgotten',
    'connectors/put-all.ts',
    'if (outcome?.ok !== true) return true;',
    'if (outcome?.ok !== true) return i < 0;',
  ),
  one(
    'a refusing sink is passed over',
    'runtime/sink-sender.ts',
    'await writer.write(all.slice(from, to), deadline);',
    'await writer.write(all.slice(from, to), deadline).catch(() => undefined);',
  ),
  one(
    'what an earlier version has committed is read as if this one had',
    'commit/committed-state.ts',
    'this.keyed.apply(header.n, upgradeEntries(body.changes, upgrade));',
    'this.keyed.apply(header.n, body.changes);',
  ),
  one(
    'a snapshot of an earlier version is taken for one of this version',
    'commit/snapshot.ts',
    'const stamped = written && (epoch === FIRST_EPOCH ? written : { ...written, epoch });',
    'const stamped = written && (epoch === FIRST_EPOCH || epoch > 0 ? written : { ...written, epoch });',
  ),
  one(
    'combined rows of an earlier version are read as if this one had sent them',
    'runtime/compute-keyed.ts',
    'program.onRow(session, row, upgrade)',
    'program.onRow(session, row)',
  ),
  one(
    'an old version reads what a newer one has written, and goes on',
    'runtime/epoch-reader.ts',
    'if (epoch > own) throw newerEpoch(stage, epoch, own);',
    'if (epoch > own) return undefined;',
  ),
  one(
    'an old row replaces a newer one',
    'memory/memory-table-sink.ts',
    'if (existing === undefined || compareVersions(existing.version, row.version) < 0) {',
    'if (existing?.lp !== -2) {',
  ),
  ...reshardMutations,
  ...gapMutations,
];
