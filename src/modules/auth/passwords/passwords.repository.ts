import { Injectable } from '@nestjs/common';
import { enterSession, type TenantContext } from '../../../platform/database/tenant-context.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { newSessionParam, type NewSession } from '../sessions/index.js';
import type { AttemptReservation } from './lockout.js';
import type { Credential } from './passwords.js';

/** The result of the first step of a password sign-in; see `app.begin_sign_in`. */
export interface SignInBegun extends AttemptReservation {
  salt: Buffer | null;
  [column: string]: unknown;
}

/** The result of the second step; see `app.complete_sign_in`. */
export interface SignInOutcome {
  /** With `second_factor`, no session exists yet, and the secret is that of the pending sign-in. */
  state: 'ok' | 'second_factor' | 'refused' | 'locked';
  user_id: string | null;
  org_id: string;
  membership_id: string | null;
  expires_at: Date;
  /** Replaces an unknown e-mail address in the audit log; null when no attempt was reserved. */
  email_digest: string | null;
  remembered: boolean;
  [column: string]: unknown;
}

/** Password sign-in and password changes. The SQL functions check the secrets and hashes. */
@Injectable()
export class PasswordsRepository {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  /** Reserves one of the five sign-in attempts. The reservation is committed before the password is hashed. */
  async begin(email: string): Promise<SignInBegun> {
    const [row] = await this.unitOfWork.queryOnce<SignInBegun>('SELECT * FROM app.begin_sign_in($1)', [email]);
    return row!;
  }

  /** Returns the tenant context that compares the password hash and opens the session, or counts the failure. */
  completion(email: string, hash: Buffer, session: NewSession): TenantContext<SignInOutcome> {
    return {
      statement: {
        text: `SELECT * FROM app.complete_sign_in($1, $2, ${newSessionParam(3)})`,
        values: [email, hash, session.parameter],
      },
      identity: ({ org_id: orgId, state, user_id: userId, email_digest: digest }) => ({
        orgId,
        actor: { type: state === 'ok' ? 'user' : 'anonymous', id: userId ?? digest, email },
      }),
    };
  }

  /**
   * Reserves one of the five attempts for the password of a session's user. The reservation is committed before the
   * password is hashed.
   */
  async beginReauthentication(secret: string): Promise<AttemptReservation & { salt: Buffer | null }> {
    const [row] = await this.unitOfWork.queryOnce<AttemptReservation & { salt: Buffer | null }>(
      'SELECT * FROM app.begin_reauthentication($1, NULL)',
      [secret],
    );
    return row!;
  }

  /** Returns the tenant context that enters the session again after the request's transaction ended. */
  session(secret: string): TenantContext {
    return enterSession(secret, false);
  }

  /** Compares a password hash with the caller's password, and counts a failure. */
  async provePassword(secret: string, hash: Buffer): Promise<'ok' | 'refused' | 'locked'> {
    const [row] = await this.unitOfWork.sql<{ state: 'ok' | 'refused' | 'locked' }>(
      'SELECT app.prove_password($1, $2) AS state',
      [secret, hash],
    );
    return row!.state;
  }

  /**
   * Sets a password and ends all sessions of the user except one. `current` is the hash of the current password. The
   * database requires it from a member, but not from an operator.
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
