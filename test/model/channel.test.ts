import { describe, it } from 'vitest';
import { type ChannelRules, channelModel, channelRules } from './channel-model.ts';
import { expectItBreaks, expectItHolds } from './check-model.ts';
import { endReachable } from './explore.ts';

const applied = 'invariant 4: each run is applied once, in the order of its prev chain';
const twoCommits: ChannelRules = { ...channelRules, covers: channelRules.covers.slice(0, 2) };

describe('the channel between two stages', () => {
  it.each<[string, ChannelRules]>([
    ['three commits without a fault', { ...channelRules, faults: 0 }],
    ['two commits with a lost answer or a death', twoCommits],
  ])('applies every row once and in order while its receiver splits: %s', (what, rules) => {
    expectItHolds(`channel, ${what}`, channelModel(rules));
  });

  it.each<[string, Partial<ChannelRules>, string, number]>([
    // Out of order after 7; the row that was overtaken is dropped when its relay arrives, 3 steps later.
    ['applies what is newer, without a prev chain', { verdicts: 'by number' }, applied, 7],
    ['drops what comes too early', { verdicts: 'never wait' }, endReachable, 7],
    // These are steps to where nothing helps any more, not to where it shows.
    ['commits before the outputs of the last commit are acknowledged', { drainFirst: false }, endReachable, 3],
    ['passes over what its shard does not own', { relays: false }, endReachable, 3],
    ['relays after its commit', { relayFirst: false }, endReachable, 7],
  ])('loses rows if it %s', (_what, broken, invariant, steps) => {
    expectItBreaks(channelModel({ ...twoCommits, ...broken }), invariant, steps);
  });
});
