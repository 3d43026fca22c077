import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/** Sets the server timeouts, so that slow or silent clients do not occupy connections. */
export function limitServer(server: Server): void {
  server.headersTimeout = 10_000;
  server.requestTimeout = 30_000;
  server.keepAliveTimeout = 65_000; // longer than the 60 s of common proxies, so that they close first
  server.timeout = 120_000;
  server.maxHeadersCount = 100; // Node answers a request with more headers with 431
  server.maxRequestsPerSocket = 10_000;
  closeUnused(server);
}

/**
 * Closes connections without a request when the server closes. Node waits for running requests and closes idle
 * connections, but it would also wait for connections that clients opened in advance.
 */
function closeUnused(server: Server): void {
  const unused = new Map<string, Socket>();
  // Under TLS, the request has another socket than the connection. The remote address and port identify both.
  const keyOf = ({ remoteAddress, remotePort }: Socket) => `${remoteAddress}|${remotePort}`;
  server.on('connection', (socket: Socket) => {
    const key = keyOf(socket);
    unused.set(key, socket);
    socket.once('close', () => unused.delete(key));
  });
  server.on('request', ({ socket }) => unused.delete(keyOf(socket)));
  const close = server.close.bind(server);
  server.close = (callback) => {
    close(callback);
    for (const socket of unused.values()) socket.destroy();
    return server;
  };
}
