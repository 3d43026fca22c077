import { Injectable } from '@nestjs/common';
import { currentContext } from '../../../platform/context/context.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';

/** A notification: its recipient, and the resource that it is about. */
export interface NoticeMail {
  email: string;
  organization: string;
  /** The name of the connection, domain, or member that the notification is about. */
  about: string;
  [column: string]: unknown;
}

/** Maps each kind of resource to the table and the column that contain its name. */
const SUBJECTS = {
  connection: ['sso_connections', 'name'],
  domain: ['sso_domains', 'domain'],
  membership: ['memberships', 'name'],
} as const;

export type NoticeSubject = keyof typeof SUBJECTS;

/** Finds the recipients of SSO notifications in the organization of the current job. */
@Injectable()
export class SsoNoticesRepository {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  /**
   * Returns the ids of the owners if `owners` is true. Otherwise returns the ids of the members who can change
   * connections.
   */
  async recipients(owners: boolean): Promise<string[]> {
    const rows = await this.unitOfWork.sql<{ id: string }>(
      `SELECT m.id FROM memberships m JOIN organizations o ON o.id = m.org_id
        WHERE m.org_id = $1 AND m.status = 'active' AND m.kind = 'member'
          AND CASE WHEN $2 THEN EXISTS (SELECT FROM preset_roles r WHERE r.preset = o.preset AND r.role = m.role
            AND r.is_owner_role)
                   ELSE m.grants ->> 'sso:update' = 'org' END ORDER BY m.id`,
      [currentContext().orgId, owners],
    );
    return rows.map(({ id }) => id);
  }

  /**
   * Returns the content of a notification. The recipient is the address of the member, or the member's old address that
   * `oldAddress` names; see `app.old_address`. Returns null when the recipient or the resource no longer exists.
   */
  async mailOf(
    membershipId: string,
    subject: NoticeSubject,
    subjectId: string,
    oldAddress?: string,
  ): Promise<NoticeMail | null> {
    const [table, column] = SUBJECTS[subject];
    const [row] = await this.unitOfWork.sql<NoticeMail>(
      `SELECT r.email, o.name AS organization, t.${column} AS about
         FROM memberships m JOIN users u ON u.id = m.user_id JOIN organizations o ON o.id = m.org_id
           JOIN ${table} t ON t.org_id = m.org_id AND t.id = $3
           JOIN LATERAL (SELECT CASE WHEN $4::uuid IS NULL THEN u.contact_email ELSE app.old_address($4) END) r (email)
             ON r.email IS NOT NULL
        WHERE m.org_id = $1 AND m.id = $2 AND m.status = 'active'`,
      [currentContext().orgId, membershipId, subjectId, oldAddress ?? null],
    );
    return row ?? null;
  }
}
