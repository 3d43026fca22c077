import { randomBytes } from 'node:crypto';
import { deriveKey } from './derive.js';
import { DecryptionFailed } from './errors.js';
import { assertKey, gcmOpen, gcmSeal, IV_BYTES } from './gcm.js';

/** Keeps a root key that never leaves it, and wraps data keys with it. */
export abstract class Kms {
  /** Which kind of KMS this is, stored beside each wrapped key: `local`, `aws`, … */
  abstract readonly id: string;
  /**
   * Wraps a 32-byte data key.
   * @param context names what the key is for, such as `organization/<id>/1`; authenticated, not secret
   */
  abstract wrap(dataKey: Buffer, context: string): Promise<Buffer>;
  /** @throws DecryptionFailed unless `wrapped` came from `wrap` with the same context */
  abstract unwrap(wrapped: Buffer, context: string): Promise<Buffer>;
}

/** Rotation of the root key: the new one gets its own id, old ones stay readable until re-wrapped. */
export interface RootKeys {
  /** Id byte (1…255) of the current root key; 1 until the first rotation. */
  readonly keyId?: number;
  /** Root keys of earlier ids, 64 hex characters each: they unwrap, but wrap nothing more. */
  readonly retired?: Readonly<Record<number, string>>;
}

/**
 * Reads a root key of 64 hexadecimal characters.
 * @throws TypeError on any other form, without repeating it
 */
export function parseRootKey(hex: string): Buffer {
  if (!/^[0-9a-f]{64}$/i.test(hex)) throw new TypeError('a root key is 64 hexadecimal characters');
  return Buffer.from(hex, 'hex');
}

/**
 * The KMS for machines without one: the root key is the ROOT_KEY variable.
 * Wrapped form: key id byte ‖ 96-bit random IV ‖ ciphertext ‖ 16-byte tag, AES-256-GCM with the
 * context as associated data, under a key derived for wrapping alone.
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

  /** Whether a wrapped key still waits to be wrapped again under the current root key. */
  isStale(wrapped: Buffer): boolean {
    return wrapped[0] !== this.keyId;
  }

  private addRootKey(id: number, hex: string): void {
    if (!Number.isInteger(id) || id < 1 || id > 255)
      throw new RangeError('a root key id is a whole number from 1 to 255');
    this.wrappingKeys.set(id, deriveKey(parseRootKey(hex), 'kms/wrap'));
  }
}

/** @throws TypeError on an empty context, or one whose bytes another context could share */
function contextBytes(context: string): Buffer {
  if (context === '' || !context.isWellFormed()) throw new TypeError('a data key must be wrapped for a named context');
  return Buffer.from(context, 'utf8');
}
