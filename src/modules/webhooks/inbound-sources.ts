import { Injectable } from '@nestjs/common';
import { Clock } from '../../platform/clock/clock.js';
import { Context, withContext } from '../../platform/context/context.js';
import { deriveKey } from '../../platform/crypto/index.js';
import { DataKeys, ORGANIZATION, RowCipher, type KeyRing } from '../../platform/keys/data-keys.js';
import type { RateLimit } from '../../platform/http/rate-limit.js';
import { InboxRepository, type FoundSource } from './inbox.repository.js';
import { permittedEvents } from './source-events.js';
import { dbSecret, secretKey } from './webhook-secret.js';

/** A decrypted secret that verifies signatures and enters the database. */
export interface OpenSecret {
  readonly key: Buffer;
  readonly dbSecret: Buffer;
  readonly expiresAt: Date | null;
}

/** A source with the keys for its deliveries. */
export interface InboundSource {
  readonly id: string;
  readonly orgId: string;
  readonly limit: RateLimit;
  /** The event types that the source may send now. */
  readonly events: ReadonlySet<string>;
  readonly secrets: readonly OpenSecret[];
  /** Encrypts bodies. */
  readonly data: KeyRing;
  /** Key for the digest of bodies. */
  readonly digestKey: Buffer;
  /** Key for the order key of deliveries about one record. */
  readonly orderKey: Buffer;
}

interface CachedSource {
  at: number;
  source: Promise<InboundSource | null>;
}

const KEPT_MS = 5_000;
const FRESH_MS = 100;
const MAX_CACHED = 10_000;

/**
 * Caches decrypted sources for a few seconds. The cache decides nothing. The database rejects an insert for a source or
 * secret that has ended, and a signature that matches no cached secret is checked against fresh secrets.
 */
@Injectable()
export class InboundSources {
  private readonly cached = new Map<string, CachedSource>();

  constructor(
    private readonly inbox: InboxRepository,
    private readonly dataKeys: DataKeys,
    private readonly clock: Clock,
  ) {}

  /** Returns the source, at most five seconds old; null when it is unknown, disabled or removed. */
  find(id: string): Promise<InboundSource | null> {
    return this.noOlderThan(id, KEPT_MS);
  }

  /** Returns the current source, with at most ten queries per second for any number of requests. */
  findFresh(id: string): Promise<InboundSource | null> {
    return this.noOlderThan(id, FRESH_MS);
  }

  /** Removes a source from the cache after a change in this process. */
  forget(id: string): void {
    this.cached.delete(id);
  }

  private noOlderThan(id: string, millis: number): Promise<InboundSource | null> {
    const now = this.clock.millis();
    const cached = this.cached.get(id);
    if (cached !== undefined && now - cached.at <= millis) return cached.source;
    if (this.cached.size >= MAX_CACHED) this.cached.clear();
    const source = this.load(id);
    this.cached.set(id, { at: now, source });
    source.catch(() => this.cached.delete(id));
    return source;
  }

  private async load(id: string): Promise<InboundSource | null> {
    const found = await this.inbox.findSource(id);
    if (found === null) return null;
    return withContext(new Context({ orgId: found.org_id }), () => this.open(id, found));
  }

  private async open(id: string, found: FoundSource): Promise<InboundSource> {
    const data = await this.ring(found, 'data');
    const index = await this.ring(found, 'index');
    const secrets = found.secrets.map((sealed, i) => {
      const cipher = new RowCipher(data, found.org_id, 'webhook_secrets', found.secret_ids[i]!);
      const key = secretKey(cipher.open('secret_enc', sealed)!);
      return { key, dbSecret: dbSecret(key), expiresAt: found.expiries[i]! };
    });
    return {
      id,
      orgId: found.org_id,
      limit: { name: `webhook source ${found.limit_per_minute}`, points: found.limit_per_minute, seconds: 60 },
      events: permittedEvents(found),
      secrets,
      data,
      digestKey: deriveKey(index.current, 'webhooks/body-digest'),
      orderKey: deriveKey(index.current, 'webhooks/order-key'),
    };
  }

  private ring(found: FoundSource, purpose: 'data' | 'index'): Promise<KeyRing> {
    const rows = found.key_purposes.flatMap((of, i) =>
      of === purpose ? [{ keyVersion: found.key_versions[i]!, wrapped: found.wrapped_keys[i]! }] : [],
    );
    return this.dataKeys.unwrap(ORGANIZATION, purpose, rows);
  }
}
