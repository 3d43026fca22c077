import type { Duplex } from 'node:stream';
import type { PoolClient } from 'pg';

/**
 * Runs a function that sends statements, and lets all of them leave together: each packet of its own would cost a system
 * call here and a wake-up there. The stream of a connection is the one thing of `pg` used here that its types leave out.
 */
export function inOnePacket<T>(client: PoolClient, send: () => T): T {
  const { stream } = (client as PoolClient & { connection: { stream: Duplex } }).connection;
  stream.cork();
  try {
    return send();
  } finally {
    stream.uncork();
  }
}
