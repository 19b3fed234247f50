package millrace.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import java.io.IOException;
import java.time.Duration;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.functions.AggregateFunction;
import org.apache.flink.api.common.functions.RichFlatMapFunction;
import org.apache.flink.api.common.functions.RichMapFunction;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.connector.file.src.FileSource;
import org.apache.flink.core.fs.Path;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.co.ProcessJoinFunction;
import org.apache.flink.streaming.api.functions.windowing.ProcessWindowFunction;
import org.apache.flink.streaming.api.windowing.assigners.EventTimeSessionWindows;
import org.apache.flink.streaming.api.windowing.assigners.SlidingEventTimeWindows;
import org.apache.flink.streaming.api.windowing.assigners.TumblingEventTimeWindows;
import org.apache.flink.streaming.api.windowing.assigners.WindowAssigner;
import org.apache.flink.streaming.api.windowing.windows.TimeWindow;
import org.apache.flink.util.Collector;

/** The works as one writes them for Flink. Only what a window needs is sent over the repartition: the key, and its time. */
final class Works {
  private static final TypeInformation<long[]> ROW = PrimitiveArrayTypeInfo.LONG_PRIMITIVE_ARRAY_TYPE_INFO;
  private static final Duration DISORDER = Duration.ofSeconds(4);
  private static final Duration SIZE = Duration.ofSeconds(10);
  private static final Duration SLIDE = Duration.ofSeconds(2);
  /** Flink joins sessions that touch; in the work two seconds apart are two. */
  private static final Duration GAP = Duration.ofMillis(1_999);
  private static final long LEAST_PRICE = 1_000_000;
  private static final long CATEGORY = 10;

  static void build(StreamExecutionEnvironment env, String work, String file) {
    DataStream<byte[]> lines =
        env.fromSource(
            FileSource.forRecordStreamFormat(new LineFormat(), new Path(file)).build(),
            WatermarkStrategy.noWatermarks(),
            "events");
    (work.equals("interval-join") ? pairs(lines) : rowsOf(work, bids(lines))).sinkTo(new Answer());
  }

  private static DataStream<MarketEvent.Bid> bids(DataStream<byte[]> lines) {
    return lines.flatMap(new ReadBids())
        .assignTimestampsAndWatermarks(
            WatermarkStrategy.<MarketEvent.Bid>forBoundedOutOfOrderness(DISORDER)
                .withTimestampAssigner((bid, unused) -> bid.atMs));
  }

  /** Auctions (id, seller) with the bids (auction, bidder, price, time) of their first ten seconds. */
  private static DataStream<long[]> pairs(DataStream<byte[]> lines) {
    DataStream<MarketEvent> events =
        lines.map(new ReadEvents())
            .assignTimestampsAndWatermarks(
                WatermarkStrategy.<MarketEvent>forBoundedOutOfOrderness(DISORDER)
                    .withTimestampAssigner((event, unused) -> event.atMs()));
    DataStream<long[]> auctions =
        events.filter(event -> event.auction != null && event.auction.category == CATEGORY)
            .map(event -> new long[] {event.auction.id, event.auction.seller})
            .returns(ROW);
    DataStream<long[]> bids =
        events.filter(event -> event.bid != null)
            .map(event -> new long[] {event.bid.auction, event.bid.bidder, event.bid.price, event.bid.atMs})
            .returns(ROW);
    return auctions.keyBy(row -> row[0], Types.LONG)
        .intervalJoin(bids.keyBy(row -> row[0], Types.LONG))
        .between(Duration.ZERO, SIZE)
        .process(new PairRow())
        .returns(ROW);
  }

  private static DataStream<long[]> rowsOf(String work, DataStream<MarketEvent.Bid> bids) {
    return switch (work) {
      case "tumbling" -> counted(bids.map(bid -> bid.auction), TumblingEventTimeWindows.of(SIZE), new CountRow());
      case "sliding" -> counted(bids.map(bid -> bid.auction), SlidingEventTimeWindows.of(SIZE, SLIDE), new CountRow());
      case "session" -> counted(bids.map(bid -> bid.bidder), EventTimeSessionWindows.withGap(GAP), new SessionRow());
      case "filter-map" -> offers(bids);
      case "repartition" -> offers(bids).keyBy(row -> row[0], Types.LONG).map(row -> row).returns(ROW);
      default -> throw new IllegalArgumentException("unknown work: " + work);
    };
  }

  private static DataStream<long[]> offers(DataStream<MarketEvent.Bid> bids) {
    return bids.filter(bid -> bid.price >= LEAST_PRICE)
        .map(bid -> new long[] {bid.auction, bid.bidder, bid.atMs, bid.price * 908})
        .returns(ROW);
  }

  private static DataStream<long[]> counted(
      DataStream<Long> keys,
      WindowAssigner<Object, TimeWindow> windows,
      ProcessWindowFunction<Long, long[], Long, TimeWindow> row) {
    return keys.keyBy(key -> key, Types.LONG).window(windows).aggregate(new Count(), row, Types.LONG, Types.LONG, ROW);
  }

  private static final class ReadBids extends RichFlatMapFunction<byte[], MarketEvent.Bid> {
    private transient ObjectReader reader;

    @Override
    public void open(OpenContext context) {
      reader = new ObjectMapper().readerFor(MarketEvent.class);
    }

    @Override
    public void flatMap(byte[] line, Collector<MarketEvent.Bid> out) throws IOException {
      MarketEvent event = reader.readValue(line);
      if (event.bid != null) out.collect(event.bid);
    }
  }

  private static final class ReadEvents extends RichMapFunction<byte[], MarketEvent> {
    private transient ObjectReader reader;

    @Override
    public void open(OpenContext context) {
      reader = new ObjectMapper().readerFor(MarketEvent.class);
    }

    @Override
    public MarketEvent map(byte[] line) throws IOException {
      return reader.readValue(line);
    }
  }

  private static final class PairRow extends ProcessJoinFunction<long[], long[], long[]> {
    @Override
    public void processElement(long[] auction, long[] bid, Context context, Collector<long[]> out) {
      out.collect(new long[] {auction[0], auction[1], bid[1], bid[2], bid[3]});
    }
  }

  private static final class Count implements AggregateFunction<Long, Long, Long> {
    @Override
    public Long createAccumulator() {
      return 0L;
    }

    @Override
    public Long add(Long value, Long count) {
      return count + 1;
    }

    @Override
    public Long getResult(Long count) {
      return count;
    }

    @Override
    public Long merge(Long a, Long b) {
      return a + b;
    }
  }

  private static final class CountRow extends ProcessWindowFunction<Long, long[], Long, TimeWindow> {
    @Override
    public void process(Long key, Context context, Iterable<Long> counts, Collector<long[]> out) {
      out.collect(new long[] {key, context.window().getStart(), counts.iterator().next()});
    }
  }

  private static final class SessionRow extends ProcessWindowFunction<Long, long[], Long, TimeWindow> {
    @Override
    public void process(Long key, Context context, Iterable<Long> counts, Collector<long[]> out) {
      TimeWindow window = context.window();
      out.collect(new long[] {key, window.getStart(), window.getEnd() + 1, counts.iterator().next()});
    }
  }

  private Works() {}
}
