import { randomBytes } from 'node:crypto';
import { SYSTEM_ORG_ID } from '../../../platform/clock/id.js';
import { deriveKey, hmac, Kms, open, seal, sha256 } from '../../../platform/crypto/index.js';

/** One key version: a user's key seals a handful of values, and is replaced by enrolling anew. */
const KEY_VERSION = 1;
const PROOF_BYTES = 32;
const LOOKUP_BYTES = 8;

type FactorTable = 'totp_factors' | 'passkeys';

/** A factor as the database keeps it: what only the KMS opens, and the digest of the proof in it. */
export interface SealedFactor {
  sealed: Buffer;
  proofHash: Buffer;
}

/** What was sealed: the proof that the database asks for, and the factor's own secret. */
export interface OpenedFactor {
  proof: Buffer;
  secret: Buffer;
}

/**
 * The data key of one user. It is of the user and of no organization, because factors are: its ciphertexts name the
 * installation as their organization. Whoever destroys it has destroyed the user's factors.
 */
export class UserKey {
  private constructor(private readonly key: Buffer) {}

  /** A new wrapped key for a user. */
  static create(kms: Kms, userId: string): Promise<Buffer> {
    return kms.wrap(randomBytes(32), contextOf(userId));
  }

  static async unwrap(kms: Kms, userId: string, wrapped: Buffer): Promise<UserKey> {
    return new UserKey(await kms.unwrap(wrapped, contextOf(userId)));
  }

  /** Seals a factor's secret together with a new proof. */
  seal(table: FactorTable, rowId: string, secret: Buffer = Buffer.alloc(0)): SealedFactor {
    const proof = randomBytes(PROOF_BYTES);
    return {
      sealed: seal(this.key, KEY_VERSION, Buffer.concat([proof, secret]), placeOf(table, rowId)),
      proofHash: sha256(proof),
    };
  }

  open(table: FactorTable, rowId: string, sealed: Buffer): OpenedFactor {
    const opened = open(() => this.key, sealed, placeOf(table, rowId));
    return { proof: opened.subarray(0, PROOF_BYTES), secret: opened.subarray(PROOF_BYTES) };
  }

  /** By what a recovery code is found: it tells nothing of the code without the key. */
  lookup(code: string): Buffer {
    return hmac(deriveKey(this.key, 'recovery-code'), code).subarray(0, LOOKUP_BYTES);
  }
}

function contextOf(userId: string): string {
  return `user|${userId}`;
}

function placeOf(table: FactorTable, rowId: string) {
  return { orgId: SYSTEM_ORG_ID, table, column: 'sealed', rowId };
}
