import { Injectable } from '@nestjs/common';
import { createLocalJWKSet, type JSONWebKeySet, type JWK } from 'jose';
import { Clock } from '../../../platform/clock/clock.js';
import { AppConfig } from '../../../platform/config/index.js';
import { OutboundError, OutboundFetch } from '../../../platform/outbound/index.js';
import { StaleCache } from './stale-cache.js';
import { ensure, OidcError } from './oidc-error.js';
import { documentUrl, readProviderMetadata, type ProviderMetadata } from './provider-metadata.js';

/** Selects the key of one provider that a token's header names. */
export type KeyFinder = ReturnType<typeof createLocalJWKSet>;

/** The keys of a provider: the cached ones, and the result of a new fetch. */
export interface ProviderKeys {
  known(): Promise<KeyFinder>;
  renewed(): Promise<KeyFinder>;
}

/** The metadata and keys of a provider. */
export interface Provider {
  readonly metadata: ProviderMetadata;
  readonly keys: ProviderKeys;
}

interface Entry {
  readonly metadata: StaleCache<ProviderMetadata>;
  readonly keys: StaleCache<KeyFinder>;
}

/** The greatest number of providers in the cache of one process. The least recently used provider is removed first. */
const MAX_PROVIDERS = 500;
const MAX_KEYS = 100;
const KEY_TYPES = new Set(['RSA', 'EC', 'OKP']);

/**
 * Caches the metadata and keys of the providers of all connections. The caller must not have an open transaction,
 * because a lookup can send a request.
 */
@Injectable()
export class ProviderMetadataCache {
  private readonly entries = new Map<string, Entry>();

  constructor(
    private readonly outbound: OutboundFetch,
    private readonly clock: Clock,
    private readonly app: AppConfig,
  ) {}

  /** Returns the provider of an issuer. Throws OidcError. */
  async find(issuer: string): Promise<Provider> {
    const entry = this.entryOf(issuer);
    const metadata = await entry.metadata.get();
    return { metadata, keys: { known: () => entry.keys.get(), renewed: () => entry.keys.renew() } };
  }

  /** Reads the documents of an issuer now, without the cache. Throws OidcError. */
  async check(issuer: string): Promise<void> {
    const { jwks_uri: keysUrl } = await this.fetchMetadata(issuer);
    keysIn(await this.text(keysUrl));
  }

  private entryOf(issuer: string): Entry {
    const entry = this.entries.get(issuer) ?? this.newEntry(issuer);
    this.entries.delete(issuer); // a Map keeps the insertion order, so this moves the entry to the end
    this.entries.set(issuer, entry);
    const [oldest] = this.entries.keys();
    if (this.entries.size > MAX_PROVIDERS) this.entries.delete(oldest!);
    return entry;
  }

  private newEntry(issuer: string): Entry {
    const metadata = new StaleCache(() => this.fetchMetadata(issuer), this.clock);
    const keys = new StaleCache(async () => keysIn(await this.text((await metadata.get()).jwks_uri)), this.clock);
    return { metadata, keys };
  }

  private async fetchMetadata(issuer: string): Promise<ProviderMetadata> {
    return readProviderMetadata(await this.text(documentUrl(issuer)), issuer, !this.app.deployed);
  }

  private async text(url: string): Promise<string> {
    try {
      return await this.outbound.text(url);
    } catch (cause) {
      const detail = cause instanceof OutboundError ? cause.reason : undefined;
      throw new OidcError('provider_unreachable', detail, { cause });
    }
  }
}

/** Returns the public keys of a key set (RFC 7517) and ignores other keys, such as shared secrets. Throws OidcError. */
export function keysIn(text: string): KeyFinder {
  try {
    const { keys } = JSON.parse(text) as JSONWebKeySet;
    ensure(Array.isArray(keys) && keys.length <= MAX_KEYS, 'provider_keys_invalid');
    return createLocalJWKSet({ keys: keys.filter(isPublicKey) });
  } catch (cause) {
    throw new OidcError('provider_keys_invalid', undefined, { cause });
  }
}

function isPublicKey(key: JWK | null): boolean {
  return typeof key === 'object' && key !== null && KEY_TYPES.has(key.kty ?? '');
}
