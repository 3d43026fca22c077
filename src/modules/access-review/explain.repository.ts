import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '../../platform/database/unit-of-work.js';
import type { Resource } from './resources.js';

/** The level of a rule. The levels `member` and `access-grant` have the same precedence. */
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
  /** The member's current assignments to the person that the resource concerns. */
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
 * The attributes of a resource that access decisions use. `person` is the person that it concerns. `owner` is the
 * membership that owns it. `permission` is the permission that its row names.
 */
export type Thing = { person: string | null; owner: string | null; permission: string | null };

/** Reads access data through SQL functions. They return data only to a caller with the required permission. */
@Injectable()
export class ExplainRepository {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  /** Returns the attributes of a resource. Returns null when the caller cannot see the resource. */
  async thing({ table, rows }: Resource, id: string): Promise<Thing | null> {
    const [row] = await this.unitOfWork.sql<Thing>(
      `SELECT ${rows.person ?? 'NULL::uuid'} AS person, ${rows.own?.column ?? 'NULL::uuid'} AS owner,
         ${rows.permission ?? 'NULL'} AS permission
         FROM ${table} WHERE id = $1`,
      [id],
    );
    return row ?? null;
  }

  /**
   * Returns a page of active members, sorted by id, with their assignments to the person. `after` is the last id of the
   * previous page.
   */
  async members(personId: string | null, after: string | null, limit: number): Promise<MemberFacts[]> {
    const rows = await this.unitOfWork.sql<MemberFacts>(
      `SELECT id, name, email, role, person_id AS "personId", grants, assignments
         FROM app.members_and_grants($1, $2, $3)`,
      [personId, after, limit],
    );
    return rows.map((row) => ({ ...row, assignments: row.assignments.map(dated) }));
  }

  /** Returns the rules for the permissions of the given members, highest precedence first. */
  levels(membershipIds: readonly string[]): Promise<LevelRow[]> {
    return this.unitOfWork.sql<LevelRow>(
      `SELECT membership_id AS "membershipId", permission, source AS level, scope, since,
         access_grant_id AS "accessGrantId", expires_at AS "expiresAt", decides
         FROM app.grant_levels($1)`,
      [membershipIds],
    );
  }
}

/** Converts the dates of an assignment from JSON strings to dates. */
export function dated<T extends { from: Date; until: Date | null }>(fact: T): T {
  return { ...fact, from: new Date(fact.from), until: fact.until === null ? null : new Date(fact.until) };
}
