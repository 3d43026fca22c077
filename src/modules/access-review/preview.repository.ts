import { Injectable } from '@nestjs/common';
import type { SessionRow } from '../../platform/access/guard-context.js';
import { UnitOfWork } from '../../platform/database/unit-of-work.js';
import { dated, type AssignmentFact } from './explain.repository.js';

export type MemberInFull = {
  id: string;
  userId: string;
  name: string;
  email: string;
  role: string;
  kind: string;
  status: 'active' | 'ended';
  personId: string | null;
  createdAt: Date;
  endedAt: Date | null;
  lastUsedAt: Date | null;
  mustChangePassword: boolean;
  suspended: boolean;
  /** The requirement that would still block this member after a sign-in with only a password; null if none would. */
  requiredAction: SessionRow['required_action'];
  grants: Record<string, string>;
  /** The number of people in the organization. */
  people: number;
  assignments: (AssignmentFact & { personId: string; inForce: boolean })[];
  accessGrants: {
    id: string;
    scopes: Record<string, string>;
    personId: string | null;
    reason: string;
    expiresAt: Date;
  }[];
};

@Injectable()
export class PreviewRepository {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  /** Returns the member. Returns null when the user has never been a member of the organization. */
  async member(userId: string): Promise<MemberInFull | null> {
    const [row] = await this.unitOfWork.sql<MemberInFull>(
      `SELECT id, user_id AS "userId", name, email, role, kind, status, person_id AS "personId",
         created_at AS "createdAt", ended_at AS "endedAt",
              last_used_at AS "lastUsedAt", must_change_password AS "mustChangePassword", suspended,
              required_action AS "requiredAction",
              grants, people, assignments, access_grants AS "accessGrants"
         FROM app.member_details($1)`,
      [userId],
    );
    if (row === undefined) return null;
    const accessGrants = row.accessGrants.map((grant) => ({ ...grant, expiresAt: new Date(grant.expiresAt) }));
    return { ...row, assignments: row.assignments.map(dated), accessGrants };
  }
}
