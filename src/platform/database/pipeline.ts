import type { Duplex } from 'node:stream';
import type { PoolClient } from 'pg';

/** Returns the socket of a connection, which the types of `pg` omit. */
function socketOf(client: PoolClient): Duplex {
  return (client as PoolClient & { connection: { stream: Duplex } }).connection.stream;
}

/**
 * Runs a function that sends statements, and sends them all in one packet. Separate packets would cost a system call
 * each.
 */
export function pipelined<T>(client: PoolClient, send: () => T): T {
  const socket = socketOf(client);
  socket.cork();
  try {
    return send();
  } finally {
    socket.uncork();
  }
}

/**
 * Runs a function that sends a statement, and delays it until the next tick, so that it shares a packet with the
 * following statements.
 */
export function withNextBatch<T>(client: PoolClient, send: () => T): T {
  const socket = socketOf(client);
  socket.cork();
  process.nextTick(() => socket.uncork());
  return send();
}
