import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '../../platform/database/unit-of-work.js';
import type { Resource } from './resources.js';

/** Where something is said of a member's permission; `member` and `access-grant` are one level. */
export type LevelName = 'member' | 'access-grant' | 'role' | 'default';

export interface AssignmentFact {
  id: string;
  from: Date;
  until: Date | null;
  accessGrantId: string | null;
}

export type MemberFacts = {
  id: string;
  name: string;
  email: string;
  role: string;
  personId: string | null;
  grants: Record<string, string>;
  /** Those in force to the person who was asked about. */
  assignments: AssignmentFact[];
};

export type LevelRow = {
  membershipId: string;
  permission: string;
  level: LevelName;
  scope: string;
  since: Date | null;
  accessGrantId: string | null;
  expiresAt: Date | null;
  decides: boolean;
};

/**
 * Whose a thing is: the person it hangs on, and the membership it belongs to; and which permission it says it is opened
 * by.
 */
export type Thing = { person: string | null; owner: string | null; permission: string | null };

/** What decides on access, as the database has it. The functions answer those alone who may ask. */
@Injectable()
export class ExplainRepository {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  /** Null for what the caller cannot see. */
  async thing({ table, rows }: Resource, id: string): Promise<Thing | null> {
    const [row] = await this.unitOfWork.sql<Thing>(
      `SELECT ${rows.person ?? 'NULL::uuid'} AS person, ${rows.own?.column ?? 'NULL::uuid'} AS owner,
         ${rows.permission ?? 'NULL'} AS permission
         FROM ${table} WHERE id = $1`,
      [id],
    );
    return row ?? null;
  }

  /** Active members in order of id, with their assignments to a person; `after` is the last id seen. */
  async members(personId: string | null, after: string | null, most: number): Promise<MemberFacts[]> {
    const rows = await this.unitOfWork.sql<MemberFacts>(
      `SELECT id, name, email, role, person_id AS "personId", grants, assignments
         FROM app.members_and_grants($1, $2, $3)`,
      [personId, after, most],
    );
    return rows.map((row) => ({ ...row, assignments: row.assignments.map(dated) }));
  }

  /** What is said of some members' permissions, the levels that outweigh others first. */
  levels(membershipIds: readonly string[]): Promise<LevelRow[]> {
    return this.unitOfWork.sql<LevelRow>(
      `SELECT membership_id AS "membershipId", permission, source AS level, scope, since,
         access_grant_id AS "accessGrantId", expires_at AS "expiresAt", decides
         FROM app.grant_levels($1)`,
      [membershipIds],
    );
  }
}

/** An assignment out of JSON, where moments are text. */
export function dated<T extends { from: Date; until: Date | null }>(fact: T): T {
  return { ...fact, from: new Date(fact.from), until: fact.until === null ? null : new Date(fact.until) };
}
