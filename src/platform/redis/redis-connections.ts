import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Redis, type RedisOptions } from 'ioredis';
import { RedisConfig } from '../config/index.js';

/** Tells ioredis to connect again and to send the command again, which the server did not execute. */
const RECONNECT_AND_RESEND = 2;

/**
 * Returns whether the server has become a replica. After a failover, an open connection still leads to the old primary,
 * which rejects writes with READONLY and ends blocked reads with UNBLOCKED. A new connection leads to the new primary.
 */
function reconnectOnError({ message }: Error): typeof RECONNECT_AND_RESEND | false {
  return /READONLY|UNBLOCKED/.test(message) ? RECONNECT_AND_RESEND : false;
}

/** Opens every Redis connection of the process and closes them at shutdown. */
@Injectable()
export class RedisConnections implements OnApplicationShutdown {
  private readonly connections: Redis[] = [];

  /**
   * The connection that requests and the outbox relay share. A command fails at once while Redis is unavailable, so
   * that no request waits for it. It connects at start, so that readiness is correct from the first probe.
   */
  readonly shared: Redis;

  constructor(private readonly config: RedisConfig) {
    this.shared = this.open({ maxRetriesPerRequest: 1, enableOfflineQueue: false });
  }

  /** Opens a connection that waits for Redis without limit, for BullMQ workers and subscriptions. */
  blocking(): Redis {
    return this.open({ maxRetriesPerRequest: null });
  }

  /** Opens a connection with specific options. */
  open(options: RedisOptions): Redis {
    const connection = new Redis(this.config.url, {
      retryStrategy: (times: number) => Math.min(100 * times, 2_000),
      reconnectOnError,
      ...options,
    });
    connection.on('error', () => undefined); // readiness reports the error; ioredis reconnects
    this.connections.push(connection);
    return connection;
  }

  /** Runs after every other shutdown hook that still uses a connection (`beforeApplicationShutdown`). */
  onApplicationShutdown(): void {
    for (const connection of this.connections) connection.disconnect();
  }
}
