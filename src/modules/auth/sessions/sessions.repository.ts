import { Injectable } from '@nestjs/common';
import { currentContext, currentMember } from '../../../platform/context/context.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { hashToken } from '../../../platform/crypto/index.js';

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

/** Stores the caller's sessions. SQL functions check the session's secret. */
@Injectable()
export class SessionsRepository {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  /** Returns the caller's active sessions in this organization, newest first. */
  own(): Promise<SessionListRow[]> {
    const { userId } = currentMember();
    return this.unitOfWork.sql<SessionListRow>(
      `SELECT s.id, method, s.created_at AS "createdAt", last_seen_at AS "lastSeenAt", expires_at AS "expiresAt",
              host(ip) AS ip, user_agent AS "userAgent", country, remembered
         FROM sessions s JOIN organizations o ON o.id = s.org_id
        WHERE s.org_id = $1 AND user_id = $2 AND revoked_at IS NULL AND expires_at > now()
          AND last_seen_at + app.idle_timeout(remembered AND remember_me_allowed, idle_minutes) > now()
        ORDER BY s.created_at DESC, s.id DESC`,
      [currentContext().orgId, userId],
    );
  }

  /** Revokes one of the caller's sessions. Returns false when the caller has no active session with this id. */
  async revoke(id: string): Promise<boolean> {
    return (
      (await this.unitOfWork.execute(
        'UPDATE sessions SET revoked_at = now() WHERE org_id = $1 AND id = $2 AND user_id = $3 AND revoked_at IS NULL',
        [currentContext().orgId, id, currentMember().userId],
      )) > 0
    );
  }

  /** Replaces the secret of the caller's session. The old secret stops working. Returns the expiry of the session. */
  async rotate(secret: string, newSecret: string): Promise<Date> {
    const [row] = await this.unitOfWork.sql<{ expiresAt: Date }>('SELECT app.rotate_session($1, $2) AS "expiresAt"', [
      secret,
      hashToken(newSecret),
    ]);
    return row!.expiresAt;
  }

  /**
   * Revokes the caller's sessions in this organization, except the session with this id. Returns the number of revoked
   * sessions.
   */
  revokeOthers(id: string): Promise<number> {
    return this.unitOfWork.execute(
      `UPDATE sessions SET revoked_at = now()
        WHERE org_id = $1 AND id <> $2 AND user_id = $3 AND revoked_at IS NULL AND expires_at > now()`,
      [currentContext().orgId, id, currentMember().userId],
    );
  }
}
