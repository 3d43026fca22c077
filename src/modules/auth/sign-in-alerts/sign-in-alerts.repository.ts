import { Injectable } from '@nestjs/common';
import { currentContext } from '../../../platform/context/context.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';

/** A session and its user, with the values that a sign-in alert contains. */
export interface ObservedSession {
  id: string;
  userId: string;
  email: string;
  organization: string;
  createdAt: Date;
  ip: string | null;
  userAgent: string | null;
  country: string | null;
  [column: string]: unknown;
}

/** Reads sessions of the organization that the worker has entered. */
@Injectable()
export class SignInAlertsRepository {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  /** Returns the session, or null when it has been deleted. */
  async session(id: string): Promise<ObservedSession | null> {
    const [row] = await this.unitOfWork.sql<ObservedSession>(
      `SELECT s.id, s.user_id AS "userId", u.contact_email AS email, o.name AS organization,
         s.created_at AS "createdAt", host(s.ip) AS ip, s.user_agent AS "userAgent", s.country
         FROM sessions s JOIN users u ON u.id = s.user_id JOIN organizations o ON o.id = s.org_id WHERE s.org_id = $1
           AND s.id = $2`,
      [currentContext().orgId, id],
    );
    return row ?? null;
  }
}
