import { hash } from 'node:crypto';
import type { Pool, PoolClient, QueryResultRow } from 'pg';
import { FairQueue } from '../concurrency/fair-queue.js';
import { SYSTEM_ORG_ID } from '../clock/id.js';
import { maybeContext } from '../context/context.js';
import { NoConnectionInTime } from './errors.js';

/** How long a statement waits for a connection before the API answers 503. */
const MAX_WAIT_MS = 5_000;
/** The number of credentials whose organization a process remembers. */
const MAX_KNOWN = 10_000;

/**
 * Shares the connections of the pool fairly between organizations (ADR 30). The organization of a request is known
 * after its first transaction, or if an earlier request presented the same credential. Until then, the IP of the client
 * is used instead, so that unknown credentials do not give a larger share. After `renew`, only connections that are
 * opened later are used.
 */
export class Connections {
  private readonly queue: FairQueue;
  private readonly organizations = new Map<string, string>();
  private readonly releases = new WeakMap<PoolClient, () => void>();
  /** The time at which each connection was first handed out, in milliseconds of the monotonic clock. */
  private readonly openedAt = new WeakMap<PoolClient, number>();
  private oldest = 0;

  /**
   * Adds an error listener to each connection. If the server closes a connection in use, its queries fail; without a
   * listener, the event would end the process. The listener of the pool covers idle connections only.
   */
  constructor(
    private readonly pool: Pool,
    slots: number,
  ) {
    this.queue = new FairQueue({ slots, maxWaitMs: MAX_WAIT_MS, whenLate: () => new NoConnectionInTime() });
    pool.on('acquire', (client) => {
      if (this.openedAt.has(client)) return;
      this.openedAt.set(client, performance.now());
      client.on('error', () => undefined);
    });
    pool.on('release', (_error, client) => {
      this.releases.get(client)?.();
      this.releases.delete(client);
    });
  }

  /** Waits for a connection for the current context. Its release frees the share. Throws NoConnectionInTime. */
  async acquire(credential?: string): Promise<PoolClient> {
    const release = await this.turn(credential);
    try {
      const client = await this.current();
      this.releases.set(client, release);
      return client;
    } catch (error) {
      release();
      throw error;
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

  /** Remembers the organization that a credential has entered, if it was accepted. */
  learn(credential: string, orgId: string): void {
    if (orgId === SYSTEM_ORG_ID) return;
    const key = digestOf(credential);
    if (this.organizations.size >= MAX_KNOWN && !this.organizations.has(key))
      this.organizations.delete(this.organizations.keys().next().value!);
    this.organizations.set(key, orgId);
  }

  /** Returns a connection that was opened after the last `renew`. */
  private async current(): Promise<PoolClient> {
    for (;;) {
      const client = await this.pool.connect();
      if (this.openedAt.get(client)! >= this.oldest) return client;
      client.release(true);
    }
  }

  private turn(credential?: string): Promise<() => void> {
    const context = maybeContext();
    if (context !== undefined && context.orgId !== SYSTEM_ORG_ID) return this.queue.acquire(() => context.orgId);
    const origin = context?.ip ?? SYSTEM_ORG_ID;
    const digest = credential === undefined ? '' : digestOf(credential);
    return this.queue.acquire(() => this.organizations.get(digest) ?? origin);
  }
}

function digestOf(credential: string): string {
  return hash('sha256', credential, 'base64');
}
