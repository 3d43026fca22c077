import { createHash, randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Problem } from '../../../platform/problem/index.js';
import { RedisConnections } from '../../../platform/redis/index.js';

export const CHALLENGE_MS = 5 * 60_000;

/** The purpose, browser, and user that a challenge is bound to. The answer must match all of them. */
export interface Ceremony {
  purpose: 'register' | 'sign-in' | 'prove';
  /**
   * The random cookie of the browser that requested the challenge. Without it, an attacker could plant an answer in a
   * victim's browser.
   */
  browser: string;
  /** The user that must answer; undefined when the passkey identifies the user. */
  userId?: string;
}

/**
 * Passkey challenges (WebAuthn section 13.4.3): 32 random bytes, valid for five minutes and for one use. They require
 * Redis.
 */
@Injectable()
export class Challenges {
  constructor(private readonly redis: RedisConnections) {}

  /** Returns a new challenge in base64url. Throws `unavailable`. */
  async issue(ceremony: Ceremony): Promise<string> {
    const challenge = randomBytes(32).toString('base64url');
    await orUnavailable(this.redis.shared.set(keyOf(ceremony, challenge), '1', 'PX', CHALLENGE_MS, 'NX'));
    return challenge;
  }

  /**
   * Consumes a challenge and returns whether it was valid. Consumes it even if the rest of the answer is wrong, so each
   * challenge allows one attempt. Throws `unavailable`.
   */
  async consume(ceremony: Ceremony, challenge: string): Promise<boolean> {
    return (await orUnavailable(this.redis.shared.getdel(keyOf(ceremony, challenge)))) !== null;
  }
}

async function orUnavailable<T>(operation: Promise<T>): Promise<T> {
  try {
    return await operation;
  } catch (cause) {
    throw new Problem('unavailable', { headers: { 'Retry-After': '2' }, cause });
  }
}

function keyOf({ purpose, browser, userId = '' }: Ceremony, challenge: string): string {
  return `passkey:${createHash('sha256')
    .update(JSON.stringify([purpose, browser, userId, challenge]))
    .digest('base64url')}`;
}
