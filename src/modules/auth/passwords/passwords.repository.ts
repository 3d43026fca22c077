import { Injectable } from '@nestjs/common';
import { enterSession, type TenantContext } from '../../../platform/database/tenant-context.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { newSessionParam, type NewSession } from '../sessions/index.js';
import type { AttemptReservation } from './lockout.js';
import type { Credential } from './passwords.js';

/** The result of the first step of a password sign-in, which reserves an attempt; see `app.begin_sign_in`. */
export interface SignInBegun extends AttemptReservation {
  salt: Buffer | null;
  [column: string]: unknown;
}

/** The result of the second step of a password sign-in, which compares the hash; see `app.complete_sign_in`. */
export interface SignInOutcome {
  /**
   * `ok`: the session is open. `second_factor`: no session exists yet, and the secret is that of the pending sign-in.
   * `refused`: the password is wrong. `locked`: this failure locked sign-in.
   */
  state: 'ok' | 'second_factor' | 'refused' | 'locked';
  user_id: string | null;
  org_id: string;
  membership_id: string | null;
  expires_at: Date;
  /** The digest that the audit log contains instead of an unknown e-mail address. Null when no attempt was reserved. */
  email_digest: string | null;
  remembered: boolean;
  [column: string]: unknown;
}

/** Signs users in with a password, and changes passwords. SQL functions check the secrets and hashes. */
@Injectable()
export class PasswordsRepository {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  /**
   * Reserves one of the five sign-in attempts. The reservation is committed before the application hashes the password.
   */
  async begin(email: string): Promise<SignInBegun> {
    const [row] = await this.unitOfWork.queryOnce<SignInBegun>('SELECT * FROM app.begin_sign_in($1)', [email]);
    return row!;
  }

  /**
   * Returns the tenant context that compares the password hash. A match opens the session, and a mismatch counts as a
   * failure.
   */
  completion(email: string, hash: Buffer, session: NewSession): TenantContext<SignInOutcome> {
    return {
      call: {
        text: `app.complete_sign_in($1, $2, ${newSessionParam(3)})`,
        values: [email, hash, session.parameter],
      },
      identity: ({ org_id: orgId, state, user_id: userId, email_digest: digest }) => ({
        orgId,
        actor: { type: state === 'ok' ? 'user' : 'anonymous', id: userId ?? digest, email },
      }),
    };
  }

  /**
   * Reserves one of the five attempts, for the password of the session's user. The reservation is committed before the
   * application hashes the password.
   */
  async beginReauthentication(secret: string): Promise<AttemptReservation & { salt: Buffer | null }> {
    const [row] = await this.unitOfWork.queryOnce<AttemptReservation & { salt: Buffer | null }>(
      'SELECT * FROM app.begin_reauthentication($1, NULL)',
      [secret],
    );
    return row!;
  }

  /** Returns the tenant context that enters the session again after the request's first transaction has ended. */
  session(secret: string): TenantContext {
    return enterSession(secret, false);
  }

  /** Compares a hash with the caller's password hash. A mismatch counts as a failure. */
  async provePassword(secret: string, hash: Buffer): Promise<'ok' | 'refused' | 'locked'> {
    const [row] = await this.unitOfWork.sql<{ state: 'ok' | 'refused' | 'locked' }>(
      'SELECT app.prove_password($1, $2) AS state',
      [secret, hash],
    );
    return row!.state;
  }

  /**
   * Sets a password and ends all sessions of the user except one. The parameter `current` is the hash of the current
   * password. The database requires it from a member, but not from an operator.
   */
  async setPassword(
    userId: string,
    current: Buffer | null,
    { salt, verifier }: Credential,
    keepSessionId: string | null,
    mustChange = false,
  ): Promise<void> {
    await this.unitOfWork.sql('SELECT app.set_password($1, $2, $3, $4, $5, $6)', [
      userId,
      current,
      salt,
      verifier,
      keepSessionId,
      mustChange,
    ]);
  }
}
