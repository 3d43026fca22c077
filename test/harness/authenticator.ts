import { createHash, generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';

/** The options that a page passes to an authenticator, as far as the tests use them. */
export interface CreationOptions {
  challenge: string;
  rp: { id: string };
  user: { id: string };
}

export interface RequestOptions {
  challenge: string;
  rpId: string;
}

/** The values that an attacker or a faulty authenticator can change. */
export interface Tampering {
  origin?: string;
  rpId?: string;
  challenge?: string;
  type?: string;
  /**
   * Flags of the authenticator data (WebAuthn section 6.1): 1 user present, 4 user verified, 64 attested credential.
   */
  flags?: number;
  counter?: number;
  userHandle?: string;
  /** Whether another key signs. */
  foreignKey?: boolean;
}

const USER_PRESENT = 1;
const USER_VERIFIED = 4;
const ATTESTED = 64;

/** A software passkey: ECDSA on P-256 (COSE -7), resident, attestation "none" (WebAuthn level 3, section 8.7). */
export class Authenticator {
  readonly id = randomBytes(32);
  private readonly key: KeyObject;
  private readonly publicKey: KeyObject;
  private userHandle = '';

  constructor(
    private readonly origin: string,
    /** The signature counter. An authenticator that does not count stays at zero. */
    public counter = 1,
  ) {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    this.key = privateKey;
    this.publicKey = publicKey;
  }

  /** Returns the result of `navigator.credentials.create()` as JSON. */
  create({ challenge, rp, user }: CreationOptions, tampered: Tampering = {}): Record<string, unknown> {
    this.userHandle = user.id;
    const credential = Buffer.concat([Buffer.alloc(16), uint16(this.id.length), this.id, this.coseKey()]);
    const authData = this.authenticatorData(
      rp.id,
      { flags: USER_PRESENT | USER_VERIFIED | ATTESTED, ...tampered },
      credential,
    );
    const attestationObject = cbor(
      new Map<string, unknown>([
        ['fmt', 'none'],
        ['attStmt', new Map()],
        ['authData', authData],
      ]),
    );
    return this.answer({
      clientDataJSON: this.clientData({ type: 'webauthn.create', challenge, ...tampered }),
      attestationObject: attestationObject.toString('base64url'),
      transports: ['internal'],
    });
  }

  /** Returns the result of `navigator.credentials.get()` as JSON and increments the counter. */
  get({ challenge, rpId }: RequestOptions, tampered: Tampering = {}): Record<string, unknown> {
    if (this.counter > 0) this.counter += 1;
    const authenticatorData = this.authenticatorData(rpId, {
      flags: USER_PRESENT | USER_VERIFIED,
      counter: this.counter,
      ...tampered,
    });
    const clientDataJSON = this.clientData({ type: 'webauthn.get', challenge, ...tampered });
    const signed = Buffer.concat([
      authenticatorData,
      createHash('sha256').update(Buffer.from(clientDataJSON, 'base64url')).digest(),
    ]);
    const key = tampered.foreignKey ? generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey : this.key;
    return this.answer({
      clientDataJSON,
      authenticatorData: authenticatorData.toString('base64url'),
      signature: sign('sha256', signed, key).toString('base64url'),
      userHandle: tampered.userHandle ?? this.userHandle,
    });
  }

  private answer(response: object): Record<string, unknown> {
    const id = this.id.toString('base64url');
    return {
      id,
      rawId: id,
      type: 'public-key',
      clientExtensionResults: {},
      authenticatorAttachment: 'platform',
      response,
    };
  }

  private clientData({ type, challenge, origin = this.origin }: Tampering): string {
    return Buffer.from(JSON.stringify({ type, challenge, origin, crossOrigin: false })).toString('base64url');
  }

  private authenticatorData(
    rpId: string,
    { rpId: other, flags = 0, counter = this.counter }: Tampering,
    credential = Buffer.alloc(0),
  ): Buffer {
    const count = Buffer.alloc(4);
    count.writeUInt32BE(counter);
    return Buffer.concat([
      createHash('sha256')
        .update(other ?? rpId)
        .digest(),
      Buffer.of(flags),
      count,
      credential,
    ]);
  }

  /** Returns the COSE key (RFC 9053, section 7.1): key type EC2, algorithm ES256, curve P-256, and the coordinates. */
  private coseKey(): Buffer {
    const { x, y } = this.publicKey.export({ format: 'jwk' });
    return cbor(
      new Map<number, unknown>([
        [1, 2],
        [3, -7],
        [-1, 1],
        [-2, Buffer.from(x!, 'base64url')],
        [-3, Buffer.from(y!, 'base64url')],
      ]),
    );
  }
}

function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

/** Encodes integers, texts, bytes, and maps as CBOR (RFC 8949). */
function cbor(value: unknown): Buffer {
  if (typeof value === 'number') return value < 0 ? head(1, -1 - value) : head(0, value);
  if (Buffer.isBuffer(value)) return Buffer.concat([head(2, value.length), value]);
  if (typeof value === 'string') return Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)]);
  if (value instanceof Map)
    return Buffer.concat([head(5, value.size), ...[...value].flatMap(([key, item]) => [cbor(key), cbor(item)])]);
  throw new TypeError('this type has no CBOR encoding here');
}

function head(major: number, length: number): Buffer {
  if (length < 24) return Buffer.of((major << 5) | length);
  return length < 256
    ? Buffer.of((major << 5) | 24, length)
    : Buffer.concat([Buffer.of((major << 5) | 25), uint16(length)]);
}
