package millrace.bench;

import java.io.IOException;
import java.util.Arrays;
import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.connector.file.src.reader.SimpleStreamFormat;
import org.apache.flink.connector.file.src.reader.StreamFormat;
import org.apache.flink.core.fs.FSDataInputStream;

/** Lines of a file as bytes: Flink's own format for text decodes each line first, which Jackson has no need of. */
final class LineFormat extends SimpleStreamFormat<byte[]> {
  private static final int CHUNK_BYTES = 1 << 20;

  @Override
  public StreamFormat.Reader<byte[]> createReader(Configuration configuration, FSDataInputStream stream) {
    return new LineReader(stream);
  }

  @Override
  public TypeInformation<byte[]> getProducedType() {
    return PrimitiveArrayTypeInfo.BYTE_PRIMITIVE_ARRAY_TYPE_INFO;
  }

  private static final class LineReader implements StreamFormat.Reader<byte[]> {
    private final FSDataInputStream stream;
    private byte[] chunk = new byte[CHUNK_BYTES];
    private int next;
    private int end;

    private LineReader(FSDataInputStream stream) {
      this.stream = stream;
    }

    @Override
    public byte[] read() throws IOException {
      int searched = next;
      for (;;) {
        for (int i = searched; i < end; i++) {
          if (chunk[i] != '\n') continue;
          byte[] line = Arrays.copyOfRange(chunk, next, i);
          next = i + 1;
          return line;
        }
        searched = end - next;
        if (!fill()) return null;
      }
    }

    /** Moves what is left to the front and reads more behind it. */
    private boolean fill() throws IOException {
      int left = end - next;
      if (left == chunk.length) chunk = Arrays.copyOf(chunk, 2 * chunk.length);
      System.arraycopy(chunk, next, chunk, 0, left);
      next = 0;
      int bytes = stream.read(chunk, left, chunk.length - left);
      end = left + Math.max(bytes, 0);
      return bytes > 0;
    }

    @Override
    public void close() throws IOException {
      stream.close();
    }
  }
}
