import { randomBytes } from 'node:crypto';
import { Logger } from '@nestjs/common';
import { SYSTEM_ORG_ID } from '../../../platform/clock/id.js';
import { DecryptionFailed, deriveKey, hmac, Kms, open, seal, sha256 } from '../../../platform/crypto/index.js';

/** There is only one key version: a user's key seals a few values, and a new enrollment replaces them. */
const KEY_VERSION = 1;
const PROOF_BYTES = 32;
const LOOKUP_BYTES = 8;
const log = new Logger('UserKey');

type FactorTable = 'totp_factors' | 'passkeys';

/** A factor as the database stores it: the ciphertext, and the digest of the proof in it. */
export interface SealedFactor {
  sealed: Buffer;
  proofHash: Buffer;
}

/** The decrypted factor: the proof that the database requires, and the factor's own secret. */
export interface OpenedFactor {
  proof: Buffer;
  secret: Buffer;
}

/**
 * The data key of one user. Factors belong to the user and not to an organization, so the ciphertexts name the
 * installation as their organization. Destroying the key destroys the user's factors.
 */
export class UserKey {
  private constructor(private readonly key: Buffer) {}

  /** Returns a new wrapped key for a user. */
  static create(kms: Kms, userId: string): Promise<Buffer> {
    return kms.wrap(randomBytes(32), kmsContextOf(userId));
  }

  static async unwrap(kms: Kms, userId: string, wrapped: Buffer): Promise<UserKey> {
    return new UserKey(await kms.unwrap(wrapped, kmsContextOf(userId)));
  }

  /** Seals a factor's secret together with a new proof. */
  seal(table: FactorTable, rowId: string, secret: Buffer = Buffer.alloc(0)): SealedFactor {
    const proof = randomBytes(PROOF_BYTES);
    return {
      sealed: seal(this.key, KEY_VERSION, Buffer.concat([proof, secret]), cipherContextOf(table, rowId)),
      proofHash: sha256(proof),
    };
  }

  open(table: FactorTable, rowId: string, sealed: Buffer): OpenedFactor {
    const opened = open(() => this.key, sealed, cipherContextOf(table, rowId));
    return { proof: opened.subarray(0, PROOF_BYTES), secret: opened.subarray(PROOF_BYTES) };
  }

  /** Returns the lookup value of a recovery code. Without the key, it reveals nothing about the code. */
  lookup(code: string): Buffer {
    return hmac(deriveKey(this.key, 'recovery-code'), code).subarray(0, LOOKUP_BYTES);
  }
}

/**
 * Returns the result of a decryption, or null if the stored value cannot be decrypted. SQL can store such a value, and
 * only a member of the user can call that SQL. It must not break the sign-in and the step-up of the user.
 */
export async function readable<T>(decrypt: () => T | Promise<T>): Promise<T | null> {
  try {
    return await decrypt();
  } catch (error) {
    if (!(error instanceof DecryptionFailed)) throw error;
    log.error('a key or a second factor of a user cannot be decrypted', error);
    return null;
  }
}

function kmsContextOf(userId: string): string {
  return `user|${userId}`;
}

function cipherContextOf(table: FactorTable, rowId: string) {
  return { orgId: SYSTEM_ORG_ID, table, column: 'sealed', rowId };
}
