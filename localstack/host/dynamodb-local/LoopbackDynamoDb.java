import com.amazonaws.services.dynamodbv2.local.main.ServerRunner;
import com.amazonaws.services.dynamodbv2.local.server.DynamoDBProxyServer;
import java.lang.reflect.Field;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;

/** DynamoDB Local on loopback only, and never longer than whoever started it. It has no setting for either. */
public final class LoopbackDynamoDb {
  public static void main(String[] arguments) throws Exception {
    ProcessHandle.current().parent().ifPresent(parent -> parent.onExit().thenRun(() -> Runtime.getRuntime().halt(0)));
    DynamoDBProxyServer dynamo = ServerRunner.createServerFromCommandLineArgs(arguments);
    Field field = DynamoDBProxyServer.class.getDeclaredField("server");
    field.setAccessible(true);
    ServerConnector connector = (ServerConnector) ((Server) field.get(dynamo)).getConnectors()[0];
    connector.setHost("127.0.0.1");
    dynamo.start();
    // With -port 0 the system has chosen.
    System.out.println("listening on " + connector.getLocalPort());
    dynamo.join();
  }
}
