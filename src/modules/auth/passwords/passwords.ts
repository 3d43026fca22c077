import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Algorithm, hashRaw, Version } from '@node-rs/argon2';
import { Semaphore } from '../../../platform/concurrency/semaphore.js';
import { sha256 } from '../../../platform/crypto/index.js';
import { Problem } from '../../../platform/problem/index.js';

/** 19 MiB, two passes, one lane: OWASP's floor for Argon2id (RFC 9106). */
const COST = {
  algorithm: Algorithm.Argon2id,
  version: Version.V0x13,
  memoryCost: 19_456,
  timeCost: 2,
  parallelism: 1,
  outputLen: 32,
};
/** One fewer than libuv has threads, so that files and names are read all the while. */
const MAX_AT_ONCE = 3;
/** About two seconds of work: who comes later would only wait in vain. */
export const MAX_IN_TURN = 200;

/** What the database keeps of a password. */
export interface Credential {
  salt: Buffer;
  /** SHA-256 of the Argon2id output: what the database holds does not sign anybody in. */
  verifier: Buffer;
}

/**
 * Argon2id, off the event loop, a bounded number at once and a bounded number in the queue: a flood takes neither all
 * memory nor all time.
 */
@Injectable()
export class Passwords {
  private readonly hashing = new Semaphore({ slots: () => MAX_AT_ONCE });
  private readonly places = new Semaphore({
    slots: () => MAX_IN_TURN,
    maxWaiting: 0,
    whenFull: () => new Problem('server_busy', { headers: { 'Retry-After': '2' } }),
  });

  /**
   * Runs a function in a place of the queue. Every caller of `evaluate` holds a place, and takes it before an attempt
   * is counted, so that every counted attempt is evaluated. Throws busy when the queue is full.
   */
  withSlot<T>(fn: () => Promise<T>): Promise<T> {
    return this.places.withSlot(fn);
  }

  /** The 32-byte Argon2id output for a password (as NFKC) under a salt. */
  hash(password: string, salt: Buffer): Promise<Buffer> {
    return this.hashing.withSlot(() => hashRaw(password.normalize('NFKC'), { ...COST, salt }));
  }

  /** A new credential for a password. Throws busy. */
  async credential(password: string): Promise<Credential> {
    const salt = randomBytes(16);
    return { salt, verifier: sha256(await this.withSlot(() => this.hash(password, salt))) };
  }
}
