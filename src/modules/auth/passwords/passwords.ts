import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Algorithm, hashRaw, Version } from '@node-rs/argon2';
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
const MOST_AT_ONCE = 3;
/** About two seconds of work: who comes later would only wait in vain. */
export const MOST_IN_TURN = 200;

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
  private running = 0;
  private inQueue = 0;
  private readonly waiting: (() => void)[] = [];

  /**
   * Takes a place in the queue for as long as the function runs. Whoever evaluates has one; taken before anything is
   * counted, so that nobody is charged for what was never evaluated. Throws busy when the queue is full.
   */
  async inTurn<T>(fn: () => Promise<T>): Promise<T> {
    if (this.inQueue >= MOST_IN_TURN) throw new Problem('busy', { headers: { 'Retry-After': '2' } });
    this.inQueue += 1;
    try {
      return await fn();
    } finally {
      this.inQueue -= 1;
    }
  }

  /** The 32-byte Argon2id output for a password (as NFKC) under a salt. */
  async evaluate(password: string, salt: Buffer): Promise<Buffer> {
    if (this.running >= MOST_AT_ONCE) await new Promise<void>((resolve) => this.waiting.push(resolve));
    else this.running += 1;
    try {
      return await hashRaw(password.normalize('NFKC'), { ...COST, salt });
    } finally {
      const next = this.waiting.shift();
      if (next === undefined) this.running -= 1;
      else next();
    }
  }

  /** A new credential for a password. Throws busy. */
  async credential(password: string): Promise<Credential> {
    const salt = randomBytes(16);
    return { salt, verifier: sha256(await this.inTurn(() => this.evaluate(password, salt))) };
  }
}
