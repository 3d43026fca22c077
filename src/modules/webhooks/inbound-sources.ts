import { Injectable } from '@nestjs/common';
import { Clock } from '../../platform/clock/clock.js';
import { Context, withContext } from '../../platform/context/context.js';
import { deriveKey } from '../../platform/crypto/index.js';
import { DataKeys, ORGANIZATION, RowCipher, type KeyRing } from '../../platform/keys/data-keys.js';
import type { RateLimit } from '../../platform/http/rate-limit.js';
import { InboxRepository, type FoundSource } from './inbox.repository.js';
import { dbSecret, secretKey } from './webhook-secret.js';

/** A secret that verifies and enters. */
export interface OpenSecret {
  readonly key: Buffer;
  readonly entrance: Buffer;
  readonly expiresAt: Date | null;
}

/** A source as taking a delivery in needs it. */
export interface InboundSource {
  readonly id: string;
  readonly orgId: string;
  readonly limit: RateLimit;
  readonly secrets: readonly OpenSecret[];
  /** Seals bodies. */
  readonly data: KeyRing;
  /** Keys the digest of bodies. */
  readonly digestKey: Buffer;
  /** Keys what orders deliveries about the same record. */
  readonly orderKey: Buffer;
}

interface CachedSource {
  at: number;
  source: Promise<InboundSource | null>;
}

const KEPT_MS = 5_000;
const FRESH_MS = 100;
const MAX_KEPT = 10_000;

/**
 * Sources, opened and kept for a few seconds. That is safe because keeping decides nothing: the database refuses at the
 * insert whatever has ended since, and a signature that fits no kept secret is tried against fresh ones.
 */
@Injectable()
export class InboundSources {
  private readonly kept = new Map<string, CachedSource>();

  constructor(
    private readonly inbox: InboxRepository,
    private readonly dataKeys: DataKeys,
    private readonly clock: Clock,
  ) {}

  /** The source, at most five seconds old; null when it is unknown, disabled or removed. */
  find(id: string): Promise<InboundSource | null> {
    return this.noOlderThan(id, KEPT_MS);
  }

  /** The source as it is now; not asked for more than ten times a second, whatever comes in. */
  findFresh(id: string): Promise<InboundSource | null> {
    return this.noOlderThan(id, FRESH_MS);
  }

  /** Drops what is kept of a source that was changed here. */
  forget(id: string): void {
    this.kept.delete(id);
  }

  private noOlderThan(id: string, millis: number): Promise<InboundSource | null> {
    const now = this.clock.millis();
    const kept = this.kept.get(id);
    if (kept !== undefined && now - kept.at <= millis) return kept.source;
    if (this.kept.size >= MAX_KEPT) this.kept.clear();
    const source = this.load(id);
    this.kept.set(id, { at: now, source });
    source.catch(() => this.kept.delete(id));
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
      return { key, entrance: dbSecret(key), expiresAt: found.expiries[i]! };
    });
    return {
      id,
      orgId: found.org_id,
      limit: { name: `webhook source ${found.limit_per_minute}`, points: found.limit_per_minute, seconds: 60 },
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
