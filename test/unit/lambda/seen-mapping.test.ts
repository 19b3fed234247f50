import { describe, expect, it } from 'vitest';
import { checkSeenMapping } from '../../../lib/lambda/seen-mapping.ts';

const expected = { stage: 'orders', stream: 'prod-orders' };
const from = (...arns: unknown[]) => ({ Records: arns.map((eventSourceARN) => ({ eventSourceARN })) });
const stream = 'arn:aws:kinesis:eu-west-1:111122223333:stream/prod-orders';

describe('what an event tells of its mapping', () => {
  it.each([
    ['its stream', from(stream, stream)],
    ['a consumer of its stream', from(`${stream}/consumer/fan-out:1`)],
    ['nothing', from(undefined)],
    ['something that is no stream', from('arn:stream')],
  ])('is believed where it names %s', (_, event) => {
    expect(() => checkSeenMapping(event, expected)).not.toThrow();
  });

  it.each([
    ['another stream', from(stream, `${stream}-2`), 'EventSourceArn', /'prod-orders-2'; allowed is 'prod-orders'/],
    [
      "another stream's consumer",
      from('arn:aws:kinesis:eu-west-1:111122223333:stream/clicks/consumer/prod-orders:1'),
      'EventSourceArn',
      /'clicks'/,
    ],
    ['a tumbling window', { ...from(stream), window: { start: '', end: '' } }, 'TumblingWindowInSeconds', /tumbling/],
    ["a tumbling window's state", { ...from(stream), state: {} }, 'TumblingWindowInSeconds', /tumbling/],
  ])('is refused where it names %s', (_, event, setting, message) => {
    expect(() => checkSeenMapping(event, expected)).toThrow(
      expect.objectContaining({
        code: 'MAPPING_UNSAFE',
        message: expect.stringMatching(message),
        fields: expect.objectContaining({ stage: 'orders', setting }),
      }),
    );
  });
});
