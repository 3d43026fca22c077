import { Injectable } from '@nestjs/common';
import { enterSession, type TenantContext } from '../../../platform/database/tenant-context.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { newSessionParam, type NewSession } from '../sessions/index.js';
import type { AttemptReservation } from './lockout.js';
import type { Credential } from './passwords.js';

/** First half of a password sign-in, see `app.begin_sign_in`. */
export interface SignInBegun extends AttemptReservation {
  salt: Buffer | null;
  [column: string]: unknown;
}

/** Second half, see `app.complete_sign_in`. */
export interface SignInOutcome {
  /** second_factor: the visit's secret is that of the sign-in under way, and of no session. */
  state: 'ok' | 'second_factor' | 'refused' | 'locked';
  user_id: string | null;
  org_id: string;
  membership_id: string | null;
  expires_at: Date;
  /** Stands for the address in the log where nobody has it; null where no try was taken. */
  email_digest: string | null;
  remembered: boolean;
  [column: string]: unknown;
}

/** Password sign-in and password changes; the SQL functions check what they are given. */
@Injectable()
export class PasswordsRepository {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  /** Takes one of the five tries; durable before anything is evaluated. */
  async begin(email: string): Promise<SignInBegun> {
    const [row] = await this.unitOfWork.queryOnce<SignInBegun>('SELECT * FROM app.begin_sign_in($1)', [email]);
    return row!;
  }

  /** The entrance that compares the evaluated password and opens the session, or counts the failure. */
  completion(email: string, evaluated: Buffer, visit: NewSession): TenantContext<SignInOutcome> {
    return {
      statement: {
        text: `SELECT * FROM app.complete_sign_in($1, $2, ${newSessionParam(3)})`,
        values: [email, evaluated, visit.parameter],
      },
      identity: ({ org_id: orgId, state, user_id: userId, email_digest: digest }) => ({
        orgId,
        actor: { type: state === 'ok' ? 'user' : 'anonymous', id: userId ?? digest, email },
      }),
    };
  }

  /** Takes one of the five tries for the password of a session's user; durable before anything is evaluated. */
  async beginProof(secret: string): Promise<AttemptReservation & { salt: Buffer | null }> {
    const [row] = await this.unitOfWork.queryOnce<AttemptReservation & { salt: Buffer | null }>(
      'SELECT * FROM app.begin_reauthentication($1, NULL)',
      [secret],
    );
    return row!;
  }

  /** Into the session once more, after its request's transaction was ended. */
  session(secret: string): TenantContext {
    return enterSession(secret, false);
  }

  /** Whether the evaluated password is the caller's; a failure is counted. */
  async provePassword(secret: string, evaluated: Buffer): Promise<'ok' | 'refused' | 'locked'> {
    const [row] = await this.unitOfWork.sql<{ state: 'ok' | 'refused' | 'locked' }>(
      'SELECT app.prove_password($1, $2) AS state',
      [secret, evaluated],
    );
    return row!.state;
  }

  /**
   * Sets a password and ends all sessions of the user but the one named. `current` is the evaluation of the present
   * password:
   * the database asks it of a member, and not of an operator.
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
