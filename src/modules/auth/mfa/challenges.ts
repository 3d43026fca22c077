import { createHash, randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Problem } from '../../../platform/problem/index.js';
import { RedisConnections } from '../../../platform/redis/index.js';

export const CHALLENGE_MS = 5 * 60_000;

/** What a challenge was given for, in which browser; all of it has to come back together. */
export interface Ceremony {
  purpose: 'register' | 'sign-in' | 'prove';
  /**
   * The random cookie of the browser that asked; without it a stranger's answer could be planted in a victim's browser.
   */
  browser: string;
  /** Of whom an answer is expected; nobody in particular where a passkey is to tell. */
  userId?: string;
}

/**
 * Challenges of passkeys (WebAuthn section 13.4.3): 32 random bytes, good for five minutes, once. Without Redis there
 * are none.
 */
@Injectable()
export class Challenges {
  constructor(private readonly redis: RedisConnections) {}

  /** A new challenge, in base64url. Throws unavailable. */
  async issue(ceremony: Ceremony): Promise<string> {
    const challenge = randomBytes(32).toString('base64url');
    await answerOf(this.redis.shared.set(keyOf(ceremony, challenge), '1', 'PX', CHALLENGE_MS, 'NX'));
    return challenge;
  }

  /** Takes a challenge: whatever else is wrong with the answer, there is no second one. Throws unavailable. */
  async consume(ceremony: Ceremony, challenge: string): Promise<boolean> {
    return (await answerOf(this.redis.shared.getdel(keyOf(ceremony, challenge)))) !== null;
  }
}

async function answerOf<T>(operation: Promise<T>): Promise<T> {
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
