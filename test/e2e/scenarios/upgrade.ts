import { compareLargest } from '../largest-orders.ts';
import { pipelineOf, putRelease } from '../releases/put-release.ts';
import { revenueOf, type Scenario, type Stage } from '../scenario.ts';
import { flow } from './flow.ts';

/** A quarter of an hour: panes that the new release begins. */
const stepsAfter = 60;

/** As the command says them. */
const expected = [
  "fine: window 'each-minute': renamed from 'minute'",
  "fine: aggregate 'totals.amountCents': sum@1 → exact-sum@1, by its upcast",
  "added: aggregate 'totals.largestCents': new",
];
const named = ['a window renamed', 'an accumulator of another form', 'a result added'];

export const upgrade: Scenario = {
  name: 'upgrade',
  shows: 'millrace upgrade lets a changed plan go on with the state, and it is deployed under traffic',
  // There is no job to upgrade before orders have flowed.
  after: flow,
  run: async (stage) => {
    const run = revenueOf(stage);
    const { epoch, version } = await run.traffic.during(() => putBoth(stage));
    await run.traffic.send(stepsAfter);
    const { orders } = await run.settle();
    const largest = await compareLargest(stage.cloud, run);
    return `epoch ${epoch} on versions ${version}: ${named.join(', ')}; ${orders} orders, ${largest} rows with the new result`;
  },
};

/** First the release that one can go back to. */
const putBoth = async (stage: Stage) => {
  await putRelease(stage, 'prepared');
  const { cli } = stage;
  const deployed = await cli.document('deployed.json', await cli.demand('plan', pipelineOf('prepared'), '--json'));
  await cli.demand('plan', pipelineOf('changed'), '--against', deployed);
  const put = await putRelease(stage, 'changed', ['-c', `deployed=${deployed}`]);
  for (const change of expected)
    if (!put.changes.includes(change)) throw new Error(`the upgrade does not say: ${change}`);
  return put;
};
