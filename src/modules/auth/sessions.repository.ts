import { Injectable } from '@nestjs/common';
import { currentContext, currentMember } from '../../platform/context/context.js';
import { sessionEntrance, type Entrance } from '../../platform/database/entrances.js';
import { UnitOfWork } from '../../platform/database/unit-of-work.js';
import { hashToken } from '../../platform/crypto/index.js';
import type { Credential } from './passwords.js';
import type { Try } from './tries.js';
import { visitAt, type Visit } from './visit.js';

/** First half of a password sign-in, see `app.begin_sign_in`. */
export interface SignInBegun extends Try {
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
  mark: string | null;
  remembered: boolean;
  [column: string]: unknown;
}

export interface SessionListRow {
  id: string;
  method: string;
  createdAt: Date;
  lastSeenAt: Date;
  expiresAt: Date;
  ip: string | null;
  userAgent: string | null;
  country: string | null;
  remembered: boolean;
  [column: string]: unknown;
}

/** Sessions and passwords, through the functions that check what they are given. */
@Injectable()
export class SessionsRepository {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  /** Takes one of the five tries; durable before anything is evaluated. */
  async begin(email: string): Promise<SignInBegun> {
    const [row] = await this.unitOfWork.once<SignInBegun>('SELECT * FROM app.begin_sign_in($1)', [email]);
    return row!;
  }

  /** The entrance that compares the evaluated password and opens the session, or counts the failure. */
  completion(email: string, evaluated: Buffer, visit: Visit): Entrance {
    return {
      statement: {
        text: `SELECT * FROM app.complete_sign_in($1, $2, ${visitAt(3)})`,
        values: [email, evaluated, visit.parameter],
      },
    };
  }

  /** The caller's live sessions in this organization, newest first. */
  own(): Promise<SessionListRow[]> {
    const { userId } = currentMember();
    return this.unitOfWork.sql<SessionListRow>(
      `SELECT s.id, method, s.created_at AS "createdAt", last_seen_at AS "lastSeenAt", expires_at AS "expiresAt",
         host(ip) AS ip, user_agent AS "userAgent", country,
              remembered FROM sessions s JOIN organizations o ON o.id = s.org_id
        WHERE s.org_id = $1 AND user_id = $2 AND revoked_at IS NULL AND expires_at > now()
          AND last_seen_at + app.idle_time(remembered AND remember_me_allowed, idle_minutes) > now()
            ORDER BY s.created_at DESC, s.id DESC`,
      [currentContext().orgId, userId],
    );
  }

  /** Ends one of the caller's sessions. False when there is none such. */
  async revoke(id: string): Promise<boolean> {
    return (
      (await this.unitOfWork.execute(
        'UPDATE sessions SET revoked_at = now() WHERE org_id = $1 AND id = $2 AND user_id = $3 AND revoked_at IS NULL',
        [currentContext().orgId, id, currentMember().userId],
      )) > 0
    );
  }

  /** Gives the caller's session another secret; the old one opens nothing any more. Returns when the session ends. */
  async rotate(secret: string, newSecret: string): Promise<Date> {
    const [row] = await this.unitOfWork.sql<{ expiresAt: Date }>('SELECT app.rotate_session($1, $2) AS "expiresAt"', [
      secret,
      hashToken(newSecret),
    ]);
    return row!.expiresAt;
  }

  /** Ends the caller's sessions in this organization but one, and says how many. */
  revokeOthers(id: string): Promise<number> {
    return this.unitOfWork.execute(
      `UPDATE sessions SET revoked_at = now() WHERE org_id = $1 AND id <> $2 AND user_id = $3 AND revoked_at IS NULL
         AND expires_at > now()`,
      [currentContext().orgId, id, currentMember().userId],
    );
  }

  /** Takes one of the five tries for the password of a session's user; durable before anything is evaluated. */
  async beginProof(secret: string): Promise<Try & { salt: Buffer | null }> {
    const [row] = await this.unitOfWork.once<Try & { salt: Buffer | null }>('SELECT * FROM app.begin_proof($1, NULL)', [
      secret,
    ]);
    return row!;
  }

  /** Into the session once more, after its request's transaction was ended. */
  session(secret: string): Entrance {
    return sessionEntrance(secret, false);
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
