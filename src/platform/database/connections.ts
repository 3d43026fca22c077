import { hash } from 'node:crypto';
import type { Pool, PoolClient } from 'pg';
import { FairQueue } from '../concurrency/fair-queue.js';
import { SYSTEM_ORG_ID } from '../clock/id.js';
import { maybeContext } from '../context/context.js';
import { DatabaseUnavailable } from './errors.js';

/** How long a statement waits for a connection before the API answers 503. */
const MAX_WAIT_MS = 5_000;
/** The number of credentials whose organization a process remembers. */
const MAX_KNOWN = 10_000;

/** Thrown when the organization uses its share of the connections for too long. The database works. */
class NoConnectionInTime extends DatabaseUnavailable {
  override readonly message = 'no connection became free in time';
}

/**
 * Shares the connections of the pool fairly between organizations (ADR 30). The organization of a request is known
 * after its first transaction, or if an earlier request presented the same credential. Until then, the IP of the client
 * is used instead, so that unknown credentials are no way to a larger share.
 */
export class Connections {
  private readonly queue: FairQueue;
  private readonly organizations = new Map<string, string>();
  private readonly releases = new WeakMap<PoolClient, () => void>();

  constructor(
    private readonly pool: Pool,
    slots: number,
  ) {
    this.queue = new FairQueue({ slots, maxWaitMs: MAX_WAIT_MS, whenLate: () => new NoConnectionInTime() });
    pool.on('release', (_error, client) => {
      this.releases.get(client)?.();
      this.releases.delete(client);
    });
  }

  /** Waits for a connection for the current context. Its release frees the share. Throws DatabaseUnavailable. */
  async connect(credential?: string): Promise<PoolClient> {
    const release = await this.turn(credential);
    try {
      const client = await this.pool.connect();
      this.releases.set(client, release);
      return client;
    } catch (error) {
      release();
      throw error;
    }
  }

  /** Runs a function that uses one connection of the pool. Throws DatabaseUnavailable and what the function throws. */
  async using<T>(fn: (pool: Pool) => Promise<T>): Promise<T> {
    const release = await this.turn();
    try {
      return await fn(this.pool);
    } finally {
      release();
    }
  }

  /** Remembers the organization that a credential has entered, if it was accepted. */
  learn(credential: string, orgId: string): void {
    if (orgId === SYSTEM_ORG_ID) return;
    const key = digestOf(credential);
    if (this.organizations.size >= MAX_KNOWN && !this.organizations.has(key))
      this.organizations.delete(this.organizations.keys().next().value!);
    this.organizations.set(key, orgId);
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
