import { Injectable } from '@nestjs/common';
import { generate } from 'selfsigned';
import { Clock } from '../../../platform/clock/clock.js';
import { DataKeys } from '../../../platform/keys/data-keys.js';
import type { SsoConnectionEntity } from '../sso/index.js';
import type { SpKey } from './saml-connection.js';

const KEY_BITS = 3072;
/** Identity providers trust the key and not the dates, but some reject an expired certificate. */
const VALID_YEARS = 10;

/** The columns of a connection that store its keys. */
export type StoredKeys = Pick<SsoConnectionEntity, 'spKey' | 'spCertificates'>;

type Needs = Partial<
  Pick<SsoConnectionEntity, 'idpEntityId' | 'signRequests' | 'wantAssertionEncrypted' | 'idpSloUrl' | 'spKey'>
>;

/**
 * Manages the service provider keys of connections: RSA keys with self-signed certificates, encrypted with the
 * organization's data key.
 */
@Injectable()
export class SpKeys {
  constructor(
    private readonly dataKeys: DataKeys,
    private readonly clock: Clock,
  ) {}

  /**
   * Returns whether a connection needs its first key: to sign, to decrypt, or for single logout. A draft needs one,
   * because the provider reads the draft's metadata before these settings are known.
   */
  needed({ idpEntityId, signRequests, wantAssertionEncrypted, idpSloUrl, spKey }: Needs): boolean {
    if (spKey) return false;
    return !idpEntityId || signRequests === true || wantAssertionEncrypted === true || typeof idpSloUrl === 'string';
  }

  async create(connectionId: string): Promise<StoredKeys> {
    return this.seal(connectionId, [await this.generate()]);
  }

  /**
   * Adds a second key, which the metadata shows from now on. Providers can read it before it signs the first message.
   */
  async add(connectionId: string, stored: StoredKeys): Promise<StoredKeys> {
    const [first] = await this.open(connectionId, stored);
    return this.seal(connectionId, first === undefined ? [await this.generate()] : [first, await this.generate()]);
  }

  /** Removes the first key, so that the second signs; returns null without a second key. */
  async rotate(connectionId: string, stored: StoredKeys): Promise<StoredKeys | null> {
    const [, second] = await this.open(connectionId, stored);
    return second === undefined ? null : this.seal(connectionId, [second]);
  }

  private async generate(): Promise<SpKey> {
    const notAfterDate = this.clock.now();
    notAfterDate.setFullYear(notAfterDate.getFullYear() + VALID_YEARS);
    const { private: privateKey, cert: certificate } = await generate([{ name: 'commonName', value: 'Vouchsafe' }], {
      keySize: KEY_BITS,
      algorithm: 'sha256',
      notBeforeDate: this.clock.now(),
      notAfterDate,
    });
    return { privateKey, certificate };
  }

  private async open(connectionId: string, { spKey, spCertificates }: StoredKeys): Promise<SpKey[]> {
    const ring = await this.dataKeys.ofOrganization();
    return keysFrom(ring.forRow('sso_connections', connectionId).open('sp_key_enc', spKey), spCertificates);
  }

  private async seal(connectionId: string, keys: readonly SpKey[]): Promise<StoredKeys> {
    const ring = await this.dataKeys.ofOrganization();
    const text = JSON.stringify(keys.map(({ privateKey }) => privateKey));
    return {
      spKey: ring.forRow('sso_connections', connectionId).seal('sp_key_enc', text),
      spCertificates: keys.map(({ certificate }) => certificate),
    };
  }
}

/** Combines the decrypted list of private keys with the certificates. */
export function keysFrom(decrypted: string | null, certificates: readonly string[]): SpKey[] {
  const privateKeys = decrypted === null ? [] : (JSON.parse(decrypted) as string[]);
  return privateKeys.map((privateKey, i) => ({ privateKey, certificate: certificates[i]! }));
}
