import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Algorithm, hashRaw, Version } from '@node-rs/argon2';
import { Semaphore } from '../../../platform/concurrency/semaphore.js';
import { hmac, sha256 } from '../../../platform/crypto/index.js';
import type { RateLimit } from '../../../platform/http/rate-limit.js';
import { Problem } from '../../../platform/problem/index.js';

/** 19 MiB, two passes, one lane: the minimum that OWASP recommends for Argon2id (RFC 9106). */
const COST = {
  algorithm: Algorithm.Argon2id,
  version: Version.V0x13,
  memoryCost: 19_456,
  timeCost: 2,
  parallelism: 1,
  outputLen: 32,
};
/** One less than the number of libuv threads, so that file and DNS operations still get a thread. */
const MAX_AT_ONCE = 3;
/** About two seconds of work. A longer queue would only delay the error. */
export const MAX_IN_TURN = 200;

/**
 * Limits how often one mailed token can be sent with a password. A used token answers differently to the password
 * that it set, so the limit keeps an owner of the token from guessing that password.
 */
export const TOKEN_RATE_LIMIT: RateLimit = { name: 'mailed-token', points: 30, seconds: 300 };

/** The values that the database stores for a password. */
export interface Credential {
  salt: Buffer;
  /** SHA-256 of the Argon2id output, so that a stolen verifier is not enough to sign in. */
  verifier: Buffer;
}

/**
 * Hashes passwords with Argon2id outside the event loop. The number of parallel hashes and the length of the queue are
 * limited, so that a flood of requests exhausts neither memory nor CPU time.
 */
@Injectable()
export class Passwords {
  private readonly hashing = new Semaphore({ slots: () => MAX_AT_ONCE });
  private readonly queue = new Semaphore({
    slots: () => MAX_IN_TURN,
    maxWaiting: 0,
    whenFull: () => new Problem('server_busy', { headers: { 'Retry-After': '2' } }),
  });

  /**
   * Runs a function while it holds a slot of the queue. Every caller of `hash` holds a slot. The slot is acquired
   * before an attempt is counted, so every counted attempt is hashed. Throws `server_busy` when the queue is full.
   */
  withSlot<T>(fn: () => Promise<T>): Promise<T> {
    return this.queue.withSlot(fn);
  }

  /** Returns the 32-byte Argon2id output for a password (in NFKC form) and a salt. */
  hash(password: string, salt: Buffer): Promise<Buffer> {
    return this.hashing.withSlot(() => hashRaw(password.normalize('NFKC'), { ...COST, salt }));
  }

  /**
   * Returns a new credential for a password. If a mailed token sets the password, the salt comes from the token: a form
   * that is sent twice has the same credential, and the database recognizes it. Throws `server_busy`.
   */
  async credential(password: string, token?: string): Promise<Credential> {
    const salt = token === undefined ? randomBytes(16) : hmac(Buffer.from(token), 'password-salt').subarray(0, 16);
    return { salt, verifier: sha256(await this.withSlot(() => this.hash(password, salt))) };
  }
}
