import { Injectable } from '@nestjs/common';
import { generate } from 'selfsigned';
import { Clock } from '../../../platform/clock/clock.js';
import { DataKeys } from '../../../platform/keys/data-keys.js';
import type { SsoConnectionEntity } from '../sso/index.js';
import type { SpKey } from './saml-connection.js';

const KEY_BITS = 3072;
/** Identity providers trust the key and not the dates, but some refuse a certificate that has ended. */
const YEARS = 10;

/** The part of a connection in which its keys lie. */
export type KeptKeys = Pick<SsoConnectionEntity, 'spKey' | 'spCertificates'>;

type Needs = Partial<Pick<SsoConnectionEntity, 'signRequests' | 'wantAssertionEncrypted' | 'idpSloUrl' | 'spKey'>>;

/**
 * Our own keys towards identity providers: RSA, each with a certificate that it signed itself, sealed under the
 * organization's key.
 */
@Injectable()
export class SpKeys {
  constructor(
    private readonly dataKeys: DataKeys,
    private readonly clock: Clock,
  ) {}

  /** Whether a connection has come to need a key: to sign, to decrypt, or to take part in single logout. */
  needed({ signRequests, wantAssertionEncrypted, idpSloUrl, spKey }: Needs): boolean {
    return (signRequests === true || wantAssertionEncrypted === true || typeof idpSloUrl === 'string') && !spKey;
  }

  async make(connectionId: string): Promise<KeptKeys> {
    return this.keep(connectionId, [await this.generate()]);
  }

  /**
   * With a second key, which metadata shows from now on. Providers that read it can take what the second signs before
   * it does.
   */
  async introduce(connectionId: string, kept: KeptKeys): Promise<KeptKeys> {
    const [first] = await this.open(connectionId, kept);
    return this.keep(connectionId, first === undefined ? [await this.generate()] : [first, await this.generate()]);
  }

  /** With the second key alone; null when there is none. */
  async switch(connectionId: string, kept: KeptKeys): Promise<KeptKeys | null> {
    const [, second] = await this.open(connectionId, kept);
    return second === undefined ? null : this.keep(connectionId, [second]);
  }

  private async generate(): Promise<SpKey> {
    const notAfterDate = this.clock.now();
    notAfterDate.setFullYear(notAfterDate.getFullYear() + YEARS);
    const { private: privateKey, cert: certificate } = await generate([{ name: 'commonName', value: 'Vouchsafe' }], {
      keySize: KEY_BITS,
      algorithm: 'sha256',
      notBeforeDate: this.clock.now(),
      notAfterDate,
    });
    return { privateKey, certificate };
  }

  private async open(connectionId: string, { spKey, spCertificates }: KeptKeys): Promise<SpKey[]> {
    const ring = await this.dataKeys.ofOrganization();
    return keysFrom(ring.forRow('sso_connections', connectionId).open('sp_key_enc', spKey), spCertificates);
  }

  private async keep(connectionId: string, keys: readonly SpKey[]): Promise<KeptKeys> {
    const ring = await this.dataKeys.ofOrganization();
    const text = JSON.stringify(keys.map(({ privateKey }) => privateKey));
    return {
      spKey: ring.forRow('sso_connections', connectionId).seal('sp_key_enc', text),
      spCertificates: keys.map(({ certificate }) => certificate),
    };
  }
}

/** The keys of a connection out of the opened list of their private halves. */
export function keysFrom(opened: string | null, certificates: readonly string[]): SpKey[] {
  const privateKeys = opened === null ? [] : (JSON.parse(opened) as string[]);
  return privateKeys.map((privateKey, i) => ({ privateKey, certificate: certificates[i]! }));
}
