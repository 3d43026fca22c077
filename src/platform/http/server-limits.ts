import type { Server } from 'node:http';

/** Slow or silent clients do not hold connections: the times within which a request has to arrive. */
export function limitServer(server: Server): void {
  server.headersTimeout = 10_000;
  server.requestTimeout = 30_000;
  server.keepAliveTimeout = 65_000; // longer than the 60 s of common proxies, so that they close first
  server.timeout = 120_000;
  server.maxHeadersCount = 100;
  server.maxRequestsPerSocket = 10_000;
}
