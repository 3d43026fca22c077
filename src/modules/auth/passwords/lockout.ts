import { setTimeout as delay } from 'node:timers/promises';
import { Problem } from '../../../platform/problem/index.js';
import type { Passwords } from './passwords.js';

const BUSY_RETRIES = 100;
const BUSY_RETRY_MS = 100;

/** The result of reserving one of five sign-in attempts; see `app_private.reserve_attempt`. */
export interface AttemptReservation {
  state: 'go' | 'busy' | 'locked' | 'expired';
  retry_seconds: number | null;
}

/**
 * Reserves a sign-in attempt before a password or code is hashed. While five attempts are pending, further callers wait
 * and hold no database connection. Throws `account_locked`.
 */
export async function reserveAttempt<T extends AttemptReservation>(reserve: () => Promise<T>): Promise<T> {
  let reservation = await reserve();
  for (let retries = 0; reservation.state === 'busy' && retries < BUSY_RETRIES; retries += 1) {
    await delay(BUSY_RETRY_MS);
    reservation = await reserve();
  }
  if (reservation.state === 'busy' || reservation.state === 'locked') throw locked(reservation.retry_seconds);
  return reservation;
}

/**
 * Reserves a sign-in attempt and computes the slow hash of the password or code; the hash is null when no attempt was
 * reserved. The queue slot is acquired first, so every counted attempt is hashed. A caller that waits for an attempt
 * holds no slot. Throws `account_locked` or `server_busy`.
 */
export function hashWithAttempt<T extends AttemptReservation & { salt: Buffer | null }>(
  passwords: Passwords,
  reserve: () => Promise<T>,
  password: string,
): Promise<T & { hash: Buffer | null }> {
  return reserveAttempt(() =>
    passwords.withSlot(async () => {
      const reservation = await reserve();
      const hash = reservation.state === 'go' ? await passwords.hash(password, reservation.salt!) : null;
      return { ...reservation, hash };
    }),
  );
}

/** Returns the `account_locked` problem, with the seconds until the lock ends. */
export function locked(retrySeconds: number | null = 900): Problem {
  return new Problem('account_locked', { headers: { 'Retry-After': String(retrySeconds ?? 900) } });
}
