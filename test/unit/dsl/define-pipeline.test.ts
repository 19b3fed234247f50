import { count, definePipeline, minutes, type PipelineOptions, type Stream, session, sum, tumbling } from 'millrace';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { codeOf, errorOf, Order, orderStream, orders, rowTable } from './fixtures.ts';

const define = (body: Parameters<typeof definePipeline>[2], options: PipelineOptions = {}) =>
  definePipeline('revenue', options, body);

describe('definePipeline', () => {
  it('keeps the operators in the order of definition, each with its inputs', () => {
    const { graph } = define((p) => {
      const paid = p.source('orders', orders()).filter('paid', (order) => order.amountCents > 0);
      const perMinute = paid.keyBy('by-province', (order) => order.province).window('minute', tumbling(minutes(1)));
      perMinute
        .aggregate('totals', { orders: count() })
        .map('size', ({ value }) => value.orders)
        .filter('many', (n) => n > 1)
        .map('row', (n) => ({ province: 'ZJ', minute: 0, amountCents: n }))
        .sink('table', rowTable());
      perMinute.late.sink('late', orderStream());
    });
    expect([...graph.nodes.keys()]).toEqual([
      'orders',
      'paid',
      'by-province',
      'minute',
      'totals',
      'size',
      'many',
      'row',
      'table',
      'minute.late',
      'late',
    ]);
    expect(graph.nodes.get('totals')).toMatchObject({ kind: 'aggregate', input: 'minute' });
    expect(graph.nodes.get('late')).toMatchObject({ kind: 'sink', input: 'minute.late' });
  });

  it('fills in the defaults of its options', () => {
    const { graph } = define((p) => p.source('orders', orders()).sink('copy', orderStream()));
    expect(graph).toMatchObject({
      delivery: 'exactly-once',
      partitions: 64,
      quarantine: { maxFraction: 0.05, minRecords: 100 },
    });
    const set = define((p) => p.source('orders', orders()).sink('copy', orderStream()), {
      partitions: 128,
      quarantine: { minRecords: 5 },
    });
    expect(set.graph).toMatchObject({ partitions: 128, quarantine: { maxFraction: 0.05, minRecords: 5 } });
  });

  it('makes one late stream of a window, however often it is asked for, and none that nobody reads', () => {
    const { graph } = define((p) => {
      const perMinute = p
        .source('orders', orders())
        .keyBy('k', (order) => order.id)
        .window('w', tumbling(minutes(1)));
      perMinute.late.sink('a', orderStream('a'));
      perMinute.late.sink('b', orderStream('b'));
    });
    expect([...graph.nodes.values()].filter((node) => node.kind === 'late')).toHaveLength(1);
    const unread = define((p) => {
      const perMinute = p
        .source('orders', orders())
        .keyBy('k', (order) => order.id)
        .window('w', tumbling(minutes(1)));
      void perMinute.late;
      perMinute
        .aggregate('a', { n: count() })
        .map('order', () => ({ id: '', province: '', amountCents: 0, at: 0 }))
        .sink('s', orderStream());
    });
    expect(unread.graph.nodes.has('w.late')).toBe(false);
  });
});

describe('the schema by which a stream crosses a repartition', () => {
  const crossingOf = (
    build: (stream: Stream<z.output<typeof Order>>, other: Stream<z.output<typeof Order>>) => Stream<{ id: string }>,
  ) => {
    const { graph } = define((p) => {
      const keyed = build(p.source('orders', orders()), p.source('others', orders())).keyBy('k', (value) => value.id);
      keyed
        .window('w', tumbling(minutes(1)))
        .late.map('back', () => ({ id: '', province: '', amountCents: 0, at: 0 }))
        .sink('s', orderStream());
      p.source('unused', orders()).sink('unused-sink', orderStream('unused'));
    });
    const node = graph.nodes.get('k');
    return node?.kind === 'keyBy' ? node.crossing : 'no keyBy';
  };
  // A source that no branch reads would be refused.
  const read = (other: Stream<z.output<typeof Order>>) => other.sink('other-sink', orderStream('other'));
  const Small = z.object({ id: z.string() });

  it('is the source’s, through filters', () => {
    expect(
      crossingOf((stream, other) => {
        read(other);
        return stream.filter('f', () => true);
      }),
    ).toBe(Order);
  });

  it('is kept by a union of streams that share it', () => {
    expect(crossingOf((stream, other) => stream.union('u', other))).toBe(Order);
  });

  it('is lost in a union of streams with different ones', () => {
    expect(
      crossingOf((stream, other) =>
        stream.union(
          'u',
          other.map('m', ({ id }) => ({ id }), { schema: Small }),
        ),
      ),
    ).toBeUndefined();
  });

  it('is lost by map and flatMap without a schema', () => {
    expect(
      crossingOf((stream, other) => {
        read(other);
        return stream.map('m', ({ id }) => ({ id }));
      }),
    ).toBeUndefined();
    expect(
      crossingOf((stream, other) => {
        read(other);
        return stream.flatMap('m', ({ id }) => [{ id }]);
      }),
    ).toBeUndefined();
  });

  it('is the one given to map and flatMap', () => {
    expect(
      crossingOf((stream, other) => {
        read(other);
        return stream.map('m', ({ id }) => ({ id }), { schema: Small });
      }),
    ).toBe(Small);
    expect(
      crossingOf((stream, other) => {
        read(other);
        return stream.flatMap('m', ({ id }) => [{ id }], { schema: Small });
      }),
    ).toBe(Small);
  });
});

describe('a definition is refused', () => {
  it('when two operators have one id, naming both', () => {
    const error = errorOf(() => define((p) => p.source('orders', orders()).filter('orders', () => true)));
    expect(error).toMatchObject({
      code: 'DUPLICATE_OPERATOR_ID',
      kind: 'definition',
      fields: { operator: 'orders', other: 'source' },
    });
    expect(error.message).toContain("operator 'orders'");
  });

  it.each(['', '-a', 'a b', 'a.late', 'é', 'a_b', 'x'.repeat(64), undefined, 7])(
    'when an operator’s id is %j',
    (id) => {
      expect(codeOf(() => define((p) => p.source(id as string, orders())))).toBe('INVALID_OPERATOR_ID');
    },
  );

  it.each(['', 'my pipeline', 'a/b', undefined])('when the pipeline’s name is %j', (name) => {
    expect(codeOf(() => definePipeline(name as string, {}, () => undefined))).toBe('INVALID_PIPELINE_NAME');
  });

  it('when it knows no such option, by path', () => {
    const error = errorOf(() => define(() => undefined, { quarantine: { fraction: 1 } } as PipelineOptions));
    expect(error.code).toBe('INVALID_OPTION');
    expect(error.message).toContain("'quarantine.fraction'");
  });

  it.each([
    { partitions: 65 },
    { delivery: 'twice' },
    { quarantine: { maxFraction: 2 } },
    { quarantine: { minRecords: 0 } },
    null,
  ])('when its options are %j', (options) => {
    expect(codeOf(() => define(() => undefined, options as PipelineOptions))).toBe('INVALID_OPTION');
  });

  it('when it has no sink, or a branch has none', () => {
    expect(codeOf(() => define(() => undefined))).toBe('PIPELINE_WITHOUT_SINK');
    const error = errorOf(() =>
      define((p) => {
        const all = p.source('orders', orders());
        all.sink('copy', orderStream());
        all.filter('paid', () => true);
      }),
    );
    expect(error).toMatchObject({ code: 'PIPELINE_WITHOUT_SINK', fields: { operator: 'paid' } });
  });

  it('when a window has neither an aggregate nor a reader of its late records', () => {
    expect(
      codeOf(() =>
        define(
          (p) =>
            void p
              .source('orders', orders())
              .keyBy('k', () => 1)
              .window('w', session(minutes(1))).late,
        ),
      ),
    ).toBe('WINDOW_WITHOUT_AGGREGATE');
  });

  it('when a keyed stream has no window', () => {
    expect(codeOf(() => define((p) => void p.source('orders', orders()).keyBy('k', () => 1)))).toBe(
      'KEY_WITHOUT_WINDOW',
    );
  });

  it('when a window stands on a stream without keys, for callers from JavaScript', () => {
    const error = errorOf(() =>
      define((p) =>
        (p.source('orders', orders()) as unknown as { window(id: string, w: unknown): void }).window(
          'w',
          tumbling(minutes(1)),
        ),
      ),
    );
    expect(error).toMatchObject({ code: 'INVALID_WINDOW', fields: { operator: 'w', stream: 'orders' } });
    expect(error.fix).toContain('keyBy');
  });

  it('when a window is no window', () => {
    expect(
      codeOf(() =>
        define(
          (p) =>
            void p
              .source('orders', orders())
              .keyBy('k', () => 1)
              .window('w', minutes(1) as never),
        ),
      ),
    ).toBe('INVALID_WINDOW');
  });

  it.each([-1, Number.NaN, 0.5, Number.POSITIVE_INFINITY, '5'])('when the allowed lateness is %s', (lateness) => {
    const error = errorOf(() =>
      define(
        (p) =>
          void p
            .source('orders', orders())
            .keyBy('k', () => 1)
            .window('w', tumbling(minutes(1)), { allowedLateness: lateness as never }),
      ),
    );
    expect(error.code).toBe('INVALID_DURATION');
    expect(error.message).toContain("operator 'w': allowedLateness");
  });

  it('when an aggregate is none, or there is none', () => {
    const withAggregates = (aggregators: object) => () =>
      define(
        (p) =>
          void p
            .source('orders', orders())
            .keyBy('k', () => 1)
            .window('w', tumbling(minutes(1)))
            .aggregate('a', aggregators as never),
      );
    expect(codeOf(withAggregates({}))).toBe('INVALID_OPTION');
    expect(errorOf(withAggregates({ n: count })).message).toContain("aggregate 'n' is a function");
    expect(codeOf(withAggregates({ n: sum }))).toBe('INVALID_OPTION');
  });

  it('when a function, a source or a sink is something else', () => {
    expect(codeOf(() => define((p) => void p.source('orders', orders()).map('m', 'id' as never)))).toBe(
      'INVALID_OPTION',
    );
    expect(codeOf(() => define((p) => void p.source('orders', orderStream() as never)))).toBe('INVALID_OPTION');
    expect(codeOf(() => define((p) => p.source('orders', orders()).sink('s', {} as never)))).toBe('INVALID_OPTION');
  });

  it('when a union takes a stream of another pipeline', () => {
    const error = errorOf(() =>
      define((p) => {
        const mine = p.source('orders', orders());
        definePipeline('other', {}, (q) => void q.source('orders', orders()).union('u', mine));
      }),
    );
    expect(error).toMatchObject({
      code: 'STREAM_OF_ANOTHER_PIPELINE',
      fields: { pipeline: 'other', stream: 'orders' },
    });
  });

  it('when a union takes one stream twice', () => {
    expect(
      codeOf(() =>
        define((p) => {
          const all = p.source('orders', orders());
          all.union('u', all);
        }),
      ),
    ).toBe('INVALID_OPTION');
  });

  it('when a stream is used after its definition has ended', () => {
    let leaked: Stream<unknown> | undefined;
    define((p) => {
      leaked = p.source('orders', orders());
      p.source('o', orders()).sink('s', orderStream());
      leaked.map('row', () => ({ id: '', province: '', amountCents: 0, at: 0 })).sink('t', orderStream('t'));
    });
    expect(codeOf(() => leaked!.filter('f', () => true))).toBe('STREAM_OF_ANOTHER_PIPELINE');
  });

  it('when it is an async function', () => {
    const error = errorOf(() => define(async (p) => p.source('orders', orders()).sink('s', orderStream())));
    expect(error.code).toBe('INVALID_OPTION');
    expect(error.message).toContain('async');
  });
});
