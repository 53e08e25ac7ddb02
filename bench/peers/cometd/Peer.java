import org.cometd.bayeux.server.BayeuxServer;
import org.cometd.server.BayeuxServerImpl;
import org.cometd.server.http.JSONHttpTransport;
import org.cometd.server.http.jakarta.CometDServlet;
import org.cometd.server.websocket.jetty.JettyWebSocketTransport;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.server.Context;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.websocket.server.WebSocketUpgradeHandler;

/** CometD in one process: WebSockets by Jetty's own interface, the rest by a servlet. */
public final class Peer {
    private static final String MAPPING = "/bayeux/*";
    private static final int BACKLOG = 4096;

    private Peer() {
    }

    /** Arguments: TIMEOUT_SECONDS. */
    public static void main(String[] args) throws Exception {
        long timeoutMs = 1000L * Integer.parseInt(args[0]);
        Server server = new Server();
        ServerConnector connector = new ServerConnector(server);
        ServletContextHandler context = new ServletContextHandler("/");
        BayeuxServerImpl bayeux = new BayeuxServerImpl();
        ServletHolder servlet = new ServletHolder(new CometDServlet());

        connector.setHost("127.0.0.1");
        connector.setAcceptQueueSize(BACKLOG);
        connector.setIdleTimeout(2 * timeoutMs);
        server.addConnector(connector);
        server.setHandler(context);
        context.insertHandler(WebSocketUpgradeHandler.from(server, context));
        servlet.setInitOrder(1); /* starts the Bayeux server, too */
        context.addServlet(servlet, MAPPING);

        bayeux.setOption("timeout", timeoutMs);
        bayeux.setOption("ws.cometdURLMapping", MAPPING);
        bayeux.setOption("ws.idleTimeout", 2 * timeoutMs);
        bayeux.setOption("maxSessionsPerBrowser", -1);
        bayeux.setOption("trustClientSession", true); /* the load tool keeps no cookies */
        bayeux.setOption(Context.class.getName(), context.getContext());
        bayeux.setTransports(new JettyWebSocketTransport(bayeux), new JSONHttpTransport(bayeux));
        context.setAttribute(BayeuxServer.ATTRIBUTE, bayeux);

        server.start();
        System.err.printf("CometD in Jetty %s ready on http://127.0.0.1:%d/bayeux%n", Server.getVersion(), connector.getLocalPort());
        server.join();
    }
}
