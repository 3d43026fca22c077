import { Injectable, Logger } from '@nestjs/common';
import { MetadataRefresh } from './metadata-refresh.js';
import type { SamlConnection } from './saml-connection.js';
import { SamlError } from './saml-error.js';
import { RefreshClaims } from './saml-stores.js';
import { StoredSamlConnections } from './stored-saml-connections.js';

/** Verifies a message with the keys that its provider publishes now. */
export interface CurrentKeys {
  /**
   * Runs `verify` with the connection. If the signature fits no known key, or the message cannot be decrypted, reads
   * the published keys and runs `verify` once more with them. Throws the errors of `verify`.
   */
  verify<T>(connection: SamlConnection, verify: (connection: SamlConnection) => Promise<T> | T): Promise<T>;
}

/**
 * Reads the metadata of a provider whose signature fits no known key, because providers replace keys without notice. A
 * refresh is claimed before it starts, once a minute for each connection. A flood of forgeries therefore causes one
 * request a minute. Messages that wait in one process share its refresh.
 */
@Injectable()
export class KeyRenewal implements CurrentKeys {
  private readonly log = new Logger('SAML');
  private readonly running = new Map<string, Promise<void>>();

  constructor(
    private readonly connections: StoredSamlConnections,
    private readonly metadata: MetadataRefresh,
    private readonly claims: RefreshClaims,
  ) {}

  async verify<T>(connection: SamlConnection, verify: (connection: SamlConnection) => Promise<T> | T): Promise<T> {
    try {
      return await verify(connection);
    } catch (error) {
      const renewed = isUnknownKey(error) ? await this.renewed(connection) : undefined;
      if (renewed === undefined) throw error;
      return verify(renewed);
    }
  }

  /** Returns the connection with other keys. Returns undefined when the provider publishes no other keys. */
  private async renewed(connection: SamlConnection): Promise<SamlConnection | undefined> {
    if (connection.metadataUrl === null) return undefined;
    await (this.running.get(connection.id) ?? this.start(connection));
    const current = await this.connections.find(connection.id);
    const isChanged = String(current?.idpCertificates) !== String(connection.idpCertificates);
    return isChanged ? current : undefined;
  }

  private start(connection: SamlConnection): Promise<void> {
    const refresh = this.refresh(connection).finally(() => this.running.delete(connection.id));
    this.running.set(connection.id, refresh);
    return refresh;
  }

  private async refresh({ id, found }: SamlConnection): Promise<void> {
    try {
      if (await this.claims.claim(id)) await this.metadata.refreshForSignIn(found);
    } catch (error) {
      this.log.warn(`the keys could not be refreshed: ${String(error)}`);
    }
  }
}

/**
 * Returns whether the signature may fit a key that the connection does not know yet. A CBC decryption without a signed
 * response hides its reason, so every failure of a decryption counts. The refresh and its claim are then equal for all
 * of them, and show the sender nothing (docs/adr/0038).
 */
function isUnknownKey(error: unknown): boolean {
  return error instanceof SamlError && ['signature_invalid', 'decryption_failed'].includes(error.reason);
}
