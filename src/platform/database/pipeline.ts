import type { Duplex } from 'node:stream';
import type { PoolClient } from 'pg';

/** The socket of a connection, which the types of `pg` leave out. */
function socketOf(client: PoolClient): Duplex {
  return (client as PoolClient & { connection: { stream: Duplex } }).connection.stream;
}

/**
 * Runs a function that sends statements, and lets all of them leave in one packet: each one of its own would cost a
 * system call here and a wake-up there.
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
 * Runs a function that sends a statement, and holds it back until all that is ready to run has run, to go with what
 * that sends.
 */
export function withNextBatch<T>(client: PoolClient, send: () => T): T {
  const socket = socketOf(client);
  socket.cork();
  process.nextTick(() => socket.uncork());
  return send();
}
