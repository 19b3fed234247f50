/**
 * What the protocol has a remedy for. Each has to be stood for by at least one deliberate bug, which takes the remedy away.
 * Not among them: a producer that sends an event twice has sent two, and nothing here says otherwise.
 */
export const faultRows = [
  'a stale container writes',
  'a frozen initialiser wakes up',
  'the answer to a put is lost',
  'a put lands after its process died',
  'a zombie overwrites blobs of a commit',
  'a read is torn or old',
  'a sink refuses for longer than the ring',
  'very many panes fire at once',
  'a batch comes again with other boundaries',
  'two invocations work on one shard',
  'a mapping skips records, or they expire',
  'a put of packets is taken in part',
  'a child starts while its parent is in flight',
  'a shard is never invoked',
  'a merge joins a fast and a slow watermark',
  'a packet lands in a shard that lost its partitions',
  'a zombie writes an old row',
  'the state table is rolled back, and numbers are used again',
  'two versions are alive',
  'a snapshot is collected under a reader',
  'a sealed log is collected while somebody needs it',
  'clocks are wrong',
] as const;

/** What is promised beside that. */
export const otherRows = [
  'a record fails',
  'a record ends its process',
  'a key waits for what was rejected',
  'an operator repairs what is at work',
  'records come late',
  'state is larger than memory',
  'two streams are joined',
] as const;

export type FaultRow = (typeof faultRows)[number] | (typeof otherRows)[number];
