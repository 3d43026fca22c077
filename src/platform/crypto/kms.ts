import { randomBytes } from 'node:crypto';
import { deriveKey } from './derive.js';
import { DecryptionFailed } from './errors.js';
import { assertKey, gcmOpen, gcmSeal, IV_BYTES } from './gcm.js';

/** Wraps data keys with a root key that never leaves the KMS. */
export abstract class Kms {
  /** The kind of KMS, stored with each wrapped key: `local`, `aws`, … */
  abstract readonly id: string;
  /**
   * Wraps a 32-byte data key.
   *
   * @param context names the use of the key, such as `organization/<id>/1`; authenticated, not secret
   */
  abstract wrap(dataKey: Buffer, context: string): Promise<Buffer>;
  /**
   * Unwraps a data key.
   *
   * @throws DecryptionFailed unless `wrapped` came from `wrap` with the same context
   */
  abstract unwrap(wrapped: Buffer, context: string): Promise<Buffer>;
}

/** Root keys during a rotation: the new key has its own id, and retired keys can still unwrap. */
export interface RootKeys {
  /** The id byte (1…255) of the current root key; 1 until the first rotation. */
  readonly keyId?: number;
  /** Earlier root keys by id, 64 hexadecimal characters each. They unwrap keys but wrap no new ones. */
  readonly retired?: Readonly<Record<number, string>>;
}

/**
 * Parses a root key of 64 hexadecimal characters.
 *
 * @throws TypeError for any other form; the message does not contain the value
 */
export function parseRootKey(hex: string): Buffer {
  if (!/^[0-9a-f]{64}$/i.test(hex)) throw new TypeError('a root key is 64 hexadecimal characters');
  return Buffer.from(hex, 'hex');
}

/**
 * The KMS for servers without an external KMS: the root key is the ROOT_KEY variable.
 * Wrapped form: key id byte ‖ 96-bit random IV ‖ ciphertext ‖ 16-byte tag.
 * The algorithm is AES-256-GCM with the context as associated data, under a key that is derived only for wrapping.
 */
export class LocalKms extends Kms {
  readonly id = 'local';
  private readonly wrappingKeys = new Map<number, Buffer>();
  private readonly keyId: number;

  constructor(rootKey: string, { keyId = 1, retired = {} }: RootKeys = {}) {
    super();
    this.keyId = keyId;
    for (const [id, hex] of Object.entries(retired)) this.addRootKey(Number(id), hex);
    if (this.wrappingKeys.has(keyId)) throw new RangeError('the current root key id is also listed as retired');
    this.addRootKey(keyId, rootKey);
  }

  async wrap(dataKey: Buffer, context: string): Promise<Buffer> {
    assertKey(dataKey);
    const iv = randomBytes(IV_BYTES);
    const sealed = gcmSeal(this.wrappingKeys.get(this.keyId)!, iv, dataKey, contextBytes(context));
    return Buffer.concat([Buffer.of(this.keyId), iv, sealed]);
  }

  async unwrap(wrapped: Buffer, context: string): Promise<Buffer> {
    const wrappingKey = this.wrappingKeys.get(wrapped[0] ?? 0);
    if (!wrappingKey) throw new DecryptionFailed('a data key');
    const iv = wrapped.subarray(1, 1 + IV_BYTES);
    return gcmOpen(wrappingKey, iv, wrapped.subarray(1 + IV_BYTES), contextBytes(context), 'a data key');
  }

  /** Returns true if a wrapped key must be wrapped again under the current root key. */
  isStale(wrapped: Buffer): boolean {
    return wrapped[0] !== this.keyId;
  }

  private addRootKey(id: number, hex: string): void {
    if (!Number.isInteger(id) || id < 1 || id > 255)
      throw new RangeError('a root key id is a whole number from 1 to 255');
    this.wrappingKeys.set(id, deriveKey(parseRootKey(hex), 'kms/wrap'));
  }
}

/** @throws TypeError for an empty context or one that is not well-formed Unicode, whose bytes would be ambiguous */
function contextBytes(context: string): Buffer {
  if (context === '' || !context.isWellFormed()) throw new TypeError('a data key must be wrapped for a named context');
  return Buffer.from(context, 'utf8');
}
