import type { Pool, PoolClient, QueryResultRow } from 'pg';

/** Hands out connections of the pool. After `renew`, only connections that are opened later. */
export class Connections {
  /** The time at which each connection was first handed out, in milliseconds of the monotonic clock. */
  private readonly openedAt = new WeakMap<PoolClient, number>();
  private oldest = 0;

  /**
   * Adds an error listener to each connection. If the server closes a connection in use, its queries fail; without a
   * listener, the event would end the process. The listener of the pool covers idle connections only.
   */
  constructor(private readonly pool: Pool) {
    pool.on('acquire', (client) => {
      if (this.openedAt.has(client)) return;
      this.openedAt.set(client, performance.now());
      client.on('error', () => undefined);
    });
  }

  /** Returns a connection, which the caller releases. */
  async acquire(): Promise<PoolClient> {
    for (;;) {
      const client = await this.pool.connect();
      if (this.openedAt.get(client)! >= this.oldest) return client;
      client.release(true);
    }
  }

  /** Runs one statement outside a transaction. An error closes the connection. */
  async query<R extends QueryResultRow>(text: string, values: unknown[] = []): Promise<R[]> {
    const client = await this.acquire();
    try {
      const { rows } = await client.query<R>(text, values);
      client.release();
      return rows;
    } catch (error) {
      client.release(true);
      throw error;
    }
  }

  /**
   * Closes the connections that are open now, each before its next use. Call it when the server or the settings of the
   * role have changed: an open connection can keep the old state forever.
   */
  renew(): void {
    this.oldest = performance.now();
  }
}
