import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/** Slow or silent clients do not hold connections: the times within which a request has to arrive. */
export function limitServer(server: Server): void {
  server.headersTimeout = 10_000;
  server.requestTimeout = 30_000;
  server.keepAliveTimeout = 65_000; // longer than the 60 s of common proxies, so that they close first
  server.timeout = 120_000;
  server.maxHeadersCount = 100;
  server.maxRequestsPerSocket = 10_000;
  closeUnused(server);
}

/**
 * Closing the server waits for requests under way, and closes connections between two requests. Those on which nothing
 * was
 * ever asked, which clients open in advance, it would wait for too: they are cut.
 */
function closeUnused(server: Server): void {
  const unused = new Map<string, Socket>();
  // Under TLS a request comes by another socket than the connection did: the client's address and port name both.
  const nameOf = ({ remoteAddress, remotePort }: Socket) => `${remoteAddress}|${remotePort}`;
  server.on('connection', (socket: Socket) => {
    const name = nameOf(socket);
    unused.set(name, socket);
    socket.once('close', () => unused.delete(name));
  });
  server.on('request', ({ socket }) => unused.delete(nameOf(socket)));
  const close = server.close.bind(server);
  server.close = (callback) => {
    close(callback);
    for (const socket of unused.values()) socket.destroy();
    return server;
  };
}
