import { Injectable } from '@nestjs/common';
import { currentContext, NO_IDENTITY, type Member } from '../context/context.js';
import { enterMember } from '../database/tenant-context.js';
import { errorCode } from '../database/errors.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import { roleInfo } from '../policies/grants.js';

/** The row of `app.enter_member`. */
export interface EnteredMember {
  role: string;
  portal: boolean;
  /** JSON text. Parse it with `roleInfo` or `parseGrants`. */
  grants: string;
  user_id: string;
  email: string;
  user_name: string;
  org_name: string;
  access_grant_id: string | null;
}

type EnteredRow = EnteredMember & Record<string, unknown>;

/** Thrown when the membership has ended or does not exist. */
export class NoSuchMember extends Error {
  override readonly name = 'NoSuchMember';

  constructor(options?: ErrorOptions) {
    super('there is no such active membership', options);
  }
}

/** Converts SQLSTATE 42501 of `app.enter_member` to NoSuchMember; returns other errors unchanged. */
export function toEnterError(error: unknown): unknown {
  return errorCode(error) === '42501' ? new NoSuchMember({ cause: error }) : error;
}

/**
 * Runs worker code as one member, with the scope of that member in the database and with that member as the audit
 * actor.
 */
@Injectable()
export class AsMember {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  /**
   * Runs a function in a new transaction and a new context that allows the events of the current context. Throws
   * NoSuchMember when the membership has ended.
   */
  run<T>(orgId: string, membershipId: string, fn: (member: Member) => Promise<T>): Promise<T> {
    const context = currentContext().derive({ ...NO_IDENTITY, orgId });
    return this.unitOfWork.runIn(context, () => this.enter(orgId, membershipId), fn);
  }

  private async enter(orgId: string, membershipId: string): Promise<Member> {
    const row = await this.unitOfWork.begin<EnteredRow>(enterMember(orgId, membershipId)).catch((error: unknown) => {
      throw toEnterError(error);
    });
    const member = await this.describe(orgId, membershipId, row);
    const actor = { type: 'user', id: row.user_id, email: row.email, name: row.user_name } as const;
    currentContext().identify({ member, actor });
    return member;
  }

  private async describe(orgId: string, membershipId: string, row: EnteredMember): Promise<Member> {
    const [rest] = await this.unitOfWork.sql<{ personId: string | null; preset: string }>(
      `SELECT m.person_id AS "personId", o.preset FROM memberships m JOIN organizations o ON o.id = m.org_id
        WHERE m.org_id = $1 AND m.id = $2`,
      [orgId, membershipId],
    );
    return {
      sessionId: null,
      userId: row.user_id,
      email: row.email,
      name: row.user_name,
      orgId,
      orgName: row.org_name,
      membershipId,
      personId: rest!.personId,
      preset: rest!.preset,
      ...roleInfo(row),
      accessGrantId: row.access_grant_id,
      apiKeyId: null,
    };
  }
}
