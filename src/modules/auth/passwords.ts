import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Algorithm, hashRaw, Version } from '@node-rs/argon2';
import { sha256 } from '../../platform/crypto/index.js';
import { Problem } from '../../platform/http/problem.js';

/** 19 MiB, two passes, one lane: OWASP's floor for Argon2id (RFC 9106). */
const COST = { algorithm: Algorithm.Argon2id, version: Version.V0x13, memoryCost: 19_456, timeCost: 2, parallelism: 1, outputLen: 32 };
const MOST_AT_ONCE = 4;

/** What the database keeps of a password. */
export interface Credential {
  salt: Buffer;
  /** SHA-256 of the Argon2id output: what the database holds does not sign anybody in. */
  verifier: Buffer;
}

/**
 * The policy (claim E5): 12 to 128 characters with an upper-case and a lower-case letter, a digit and a special
 * character. Throws weak_password, naming what is missing.
 */
export function assertStrong(password: string): void {
  const missing = [
    [...password].length >= 12 || 'at least 12 characters',
    [...password].length <= 128 || 'at most 128 characters',
    /\p{Lu}/u.test(password) || 'an upper-case letter',
    /\p{Ll}/u.test(password) || 'a lower-case letter',
    /\p{Nd}/u.test(password) || 'a digit',
    /[^\p{L}\p{N}]/u.test(password) || 'a special character',
  ].filter((rule) => rule !== true);
  if (missing.length > 0) throw new Problem('weak_password', { errors: missing.map((rule) => ({ field: 'password', message: `needs ${rule}` })) });
}

/** Argon2id, off the event loop, a bounded number at once: a flood of sign-ins waits instead of taking all memory. */
@Injectable()
export class Passwords {
  private running = 0;
  private readonly waiting: (() => void)[] = [];

  /** The 32-byte Argon2id output for a password (as NFKC) under a salt. */
  async evaluate(password: string, salt: Buffer): Promise<Buffer> {
    if (this.running >= MOST_AT_ONCE) await new Promise<void>((resolve) => this.waiting.push(resolve));
    this.running += 1;
    try {
      return await hashRaw(password.normalize('NFKC'), { ...COST, salt });
    } finally {
      this.running -= 1;
      this.waiting.shift()?.();
    }
  }

  /** A new credential for a password. */
  async credential(password: string): Promise<Credential> {
    const salt = randomBytes(16);
    return { salt, verifier: sha256(await this.evaluate(password, salt)) };
  }
}
