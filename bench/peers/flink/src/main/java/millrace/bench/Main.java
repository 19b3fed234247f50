package millrace.bench;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.flink.runtime.minicluster.MiniClusterConfiguration;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/**
 * Runs one work on a cluster in this process: first over the warm-up events, then over the measured ones. Both are jobs of the same
 * cluster, which is started before anything is measured. Prints what it measured as one line of JSON.
 *
 * <p>Arguments: work, state backend (hashmap or rocksdb), warm-up file, events file, answer file.
 */
public final class Main {
  public static void main(String[] arguments) throws Exception {
    String work = arguments[0];
    Path answer = Path.of(arguments[4]);
    // Beside the answer: whoever started this process removes all of it.
    Path checkpoints = Files.createTempDirectory(answer.toAbsolutePath().getParent(), "checkpoints-");
    Configuration configuration = configurationOf(arguments[1], checkpoints);
    OperatingSystemMXBean system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    MiniClusterConfiguration cluster =
        new MiniClusterConfiguration.Builder()
            .setConfiguration(configuration)
            .setNumTaskManagers(1)
            .setNumSlotsPerTaskManager(1)
            .build();
    try (MiniCluster mini = new MiniCluster(cluster)) {
      mini.start();
      run(mini, configuration, work, arguments[2]);
      Answer.clear();
      long startNanos = System.nanoTime();
      long startCpuNanos = system.getProcessCpuTime();
      run(mini, configuration, work, arguments[3]);
      long cpuNanos = system.getProcessCpuTime() - startCpuNanos;
      long nanos = System.nanoTime() - startNanos;
      Answer.writeTo(answer);
      System.out.printf("{\"wallMs\":%d,\"cpuMicros\":%d}%n", nanos / 1_000_000, cpuNanos / 1_000);
    }
  }

  private static void run(MiniCluster mini, Configuration configuration, String work, String file) throws Exception {
    StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment(configuration);
    env.setParallelism(1);
    Works.build(env, work, file);
    mini.executeJobBlocking(env.getStreamGraph().getJobGraph());
  }

  private static Configuration configurationOf(String backend, Path checkpoints) {
    Configuration configuration = new Configuration();
    configuration.setString("state.backend.type", backend);
    configuration.setString("execution.checkpointing.incremental", "true");
    configuration.setString("execution.checkpointing.mode", "EXACTLY_ONCE");
    configuration.setString("execution.checkpointing.interval", "1 s");
    configuration.setString("execution.checkpointing.dir", checkpoints.toUri().toString());
    configuration.setString("pipeline.object-reuse", "true");
    configuration.setString("taskmanager.memory.managed.size", "512m");
    // Nobody outside of this machine is to reach it.
    configuration.setString("rest.address", "127.0.0.1");
    configuration.setString("rest.bind-address", "127.0.0.1");
    configuration.setString("rest.bind-port", "0");
    configuration.setString("jobmanager.bind-host", "127.0.0.1");
    configuration.setString("taskmanager.bind-host", "127.0.0.1");
    return configuration;
  }

  private Main() {}
}
