import { setTimeout as delay } from 'node:timers/promises';
import { Problem } from '../../../platform/problem/index.js';
import type { Passwords } from './passwords.js';

const BUSY_TRIES = 100;
const BUSY_MS = 100;

/** What the database answers when one of five tries is asked for, see `app_private.reserve_attempt`. */
export interface AttemptReservation {
  state: 'go' | 'busy' | 'locked' | 'expired';
  retry_seconds: number | null;
}

/**
 * Takes a try before anything is evaluated. While five are being evaluated others wait their turn, without a
 * connection.
 * Throws account_locked.
 */
export async function reserveAttempt<T extends AttemptReservation>(ask: () => Promise<T>): Promise<T> {
  let taken = await ask();
  for (let tries = 0; taken.state === 'busy' && tries < BUSY_TRIES; tries += 1) {
    await delay(BUSY_MS);
    taken = await ask();
  }
  if (taken.state === 'busy' || taken.state === 'locked') throw locked(taken.retry_seconds);
  return taken;
}

/**
 * Takes a try and evaluates a password or code for it by the slow hash; null where the try came to nothing. The place
 * in the queue
 * comes first: a try that was counted is evaluated. Whoever waits for a try has none. Throws account_locked, busy.
 */
export function hashWithAttempt<T extends AttemptReservation & { salt: Buffer | null }>(
  passwords: Passwords,
  ask: () => Promise<T>,
  password: string,
): Promise<T & { evaluated: Buffer | null }> {
  return reserveAttempt(() =>
    passwords.withSlot(async () => {
      const taken = await ask();
      return { ...taken, evaluated: taken.state === 'go' ? await passwords.hash(password, taken.salt!) : null };
    }),
  );
}

/** The refusal of whoever has failed too often. */
export function locked(retrySeconds: number | null = 900): Problem {
  return new Problem('account_locked', { headers: { 'Retry-After': String(retrySeconds ?? 900) } });
}
