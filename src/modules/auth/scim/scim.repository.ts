import { Injectable } from '@nestjs/common';
import { currentContext } from '../../../platform/context/context.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { GROUP_FILTER, USER_FILTER, type Filterable } from './scim-filter-columns.js';
import { compileFilter, compileOrder } from './scim-filter.js';
import type { ScimGroupFields } from './scim-group.js';
import type { ScimPage } from './scim-query.js';
import type { GroupMemberRef, ResourceMeta } from './scim-resources.js';
import type { ScimUserFields } from './scim-user.js';

export type UserRow = ScimUserFields & ResourceMeta;
export type GroupRow = Omit<ScimGroupFields, 'members'> & ResourceMeta;
export interface ListResult<R> {
  total: number;
  rows: R[];
}

/**
 * A change of a membership that follows from a SCIM request (`app.scim_effect`). The value `adopted` means that the
 * directory took over an existing member. The value `revived` means that an ended membership became active again.
 */
export type MembershipChange = {
  membershipId: string;
  effect: 'provisioned' | 'adopted' | 'role' | 'ended' | 'revived';
  before: string | null;
  after: string | null;
};

/** The parameters of a list request. `order` is the path of the sort attribute. */
export interface ListQuery {
  filter: string | undefined;
  page: ScimPage;
  order: string | undefined;
  descending: boolean;
}

const COMMON_COLUMNS = `r.id, r.version, r.created_at AS "createdAt", r.updated_at AS "updatedAt",
     r.external_id AS "externalId", r.display_name AS "displayName"`;
const USER_COLUMNS = `${COMMON_COLUMNS}, r.user_name AS "userName", r.given_name AS "givenName",
  r.family_name AS "familyName", r.email, r.email_type AS "emailType", r.emails,
  r.attributes, r.active`;
const EFFECT = 'e.membership_id AS "membershipId", e.effect, e.role_before AS before, e.role_after AS after';
/** Reads and writes the data of the directory that the current tenant context has entered. */
@Injectable()
export class ScimRepository {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  /** Returns a page of users. Throws `scim_invalid_filter` when the database cannot evaluate the filter. */
  users({ filter, ...rest }: ListQuery): Promise<ListResult<UserRow>> {
    const { text, values, id, userName } = compileFilter(filter, USER_FILTER, 3);
    return this.list<UserRow>(
      `SELECT r.* FROM app.scim_users($1, $2) r WHERE ${text}`,
      USER_COLUMNS,
      [id, userName, ...values],
      { ...rest, attributes: USER_FILTER },
    );
  }

  /** Returns a page of groups. Throws `scim_invalid_filter` when the database cannot evaluate the filter. */
  groups({ filter, ...rest }: ListQuery): Promise<ListResult<GroupRow>> {
    const { text, values, id } = compileFilter(filter, GROUP_FILTER, 2);
    return this.list<GroupRow>(`SELECT r.* FROM app.scim_groups($1) r WHERE ${text}`, COMMON_COLUMNS, [id, ...values], {
      ...rest,
      attributes: GROUP_FILTER,
    });
  }

  async user(id: string): Promise<UserRow | null> {
    return (await this.unitOfWork.sql<UserRow>(`SELECT ${USER_COLUMNS} FROM app.scim_users($1) r`, [id]))[0] ?? null;
  }

  async group(id: string): Promise<GroupRow | null> {
    return (
      (await this.unitOfWork.sql<GroupRow>(`SELECT ${COMMON_COLUMNS} FROM app.scim_groups($1) r`, [id]))[0] ?? null
    );
  }

  /** Returns the id of the user with a userName in any letter case, or null. */
  async findUserName(userName: string): Promise<string | null> {
    return (
      (await this.unitOfWork.sql<{ id: string }>('SELECT r.id FROM app.scim_users(NULL, $1) r', [userName]))[0]?.id ??
      null
    );
  }

  groupsOf(userIds: readonly string[]): Promise<GroupMemberRef[]> {
    return this.memberships(userIds, null);
  }

  membersOf(groupIds: readonly string[]): Promise<GroupMemberRef[]> {
    return this.memberships(null, groupIds);
  }

  /**
   * Creates a user. Throws `scim_uniqueness` when another user has the same userName. Throws
   * `scim_account_exists` when the e-mail address belongs to an account that this directory cannot manage. Throws
   * `last_owner` when the change would leave no owner.
   */
  createUser(user: ScimUserFields, newUserId: string, newMembershipId: string): Promise<MembershipChange[]> {
    return this.unitOfWork.sql<MembershipChange>(`SELECT ${EFFECT} FROM app.scim_create_user(${ROW}, $11, $12) e`, [
      ...fieldsOf(user),
      newUserId,
      newMembershipId,
    ]);
  }

  /** Changes a user. Throws the errors of `createUser`, and `not_found` when the directory has no such user. */
  updateUser(id: string, user: ScimUserFields): Promise<MembershipChange[]> {
    return this.unitOfWork.sql<MembershipChange>(`SELECT ${EFFECT} FROM app.scim_update_user($11, ${ROW}) e`, [
      ...fieldsOf(user),
      id,
    ]);
  }

  /**
   * Deletes a user. Throws `not_found` when the directory has no such user. Throws `last_owner` when the change would
   * leave no owner.
   */
  deleteUser(id: string): Promise<MembershipChange[]> {
    return this.unitOfWork.sql<MembershipChange>(`SELECT ${EFFECT} FROM app.scim_delete_user($1) e`, [id]);
  }

  /**
   * Creates or replaces a group. If many members get another role, the job `scim.settle` changes the roles; the result
   * then contains only the other members.
   * Throws `scim_uniqueness` when another group has the same displayName.
   * Throws `scim_unknown_member` when a member is not a user of this directory. Throws `not_found` when the directory
   * has no such group. Throws `last_owner` when the change would leave no owner.
   */
  putGroup(
    id: string,
    isNew: boolean,
    { displayName, externalId, members }: ScimGroupFields,
  ): Promise<MembershipChange[]> {
    return this.unitOfWork.sql<MembershipChange>(`SELECT ${EFFECT} FROM app.scim_put_group($1, $2, $3, $4, $5, $6) e`, [
      id,
      isNew,
      displayName,
      externalId,
      members,
      currentContext().requestId,
    ]);
  }

  /**
   * Deletes a group. Throws `not_found` when the directory has no such group. Throws `last_owner` when the change would
   * leave no owner.
   */
  deleteGroup(id: string): Promise<MembershipChange[]> {
    return this.unitOfWork.sql<MembershipChange>(`SELECT ${EFFECT} FROM app.scim_delete_group($1, $2) e`, [
      id,
      currentContext().requestId,
    ]);
  }

  /**
   * Settles the next members whose groups changed, at most `most`. Enqueues the next job if members are left. Requires
   * the worker's database role.
   */
  settle(connectionId: string, most: number): Promise<MembershipChange[]> {
    return this.unitOfWork.sql<MembershipChange>(`SELECT ${EFFECT} FROM app.scim_settle($1, $2, $3) e`, [
      connectionId,
      most,
      currentContext().requestId,
    ]);
  }

  private memberships(
    userIds: readonly string[] | null,
    groupIds: readonly string[] | null,
  ): Promise<GroupMemberRef[]> {
    return this.unitOfWork.sql<GroupMemberRef & Record<string, unknown>>(
      `SELECT r.group_id AS "groupId", r.group_name AS "groupName", r.user_id AS "userId",
         r.user_display AS "userDisplay"
         FROM app.scim_group_members($1, $2) r ORDER BY r.group_id, r.user_id`,
      [userIds, groupIds],
    );
  }

  /**
   * Returns a page and the total number of rows. One statement reads both, so they match. Rows with equal sort values
   * are sorted by id, so pages do not overlap.
   */
  private async list<R extends ResourceMeta>(
    found: string,
    columns: string,
    values: unknown[],
    { page, order, descending, attributes }: Omit<ListQuery, 'filter'> & { attributes: Filterable },
  ): Promise<ListResult<R>> {
    const by = `${compileOrder(order, attributes)} ${descending ? 'DESC' : 'ASC'} NULLS LAST, r.id`;
    const rows = await this.unitOfWork.sql<R & { total: number }>(
      `WITH found AS MATERIALIZED (${found})
       SELECT t.total, p.* FROM (SELECT count(*)::integer AS total FROM found) t
         LEFT JOIN LATERAL (SELECT row_number() OVER (ORDER BY ${by}) AS place, ${columns} FROM found r ORDER BY ${by}
           LIMIT $${values.length + 1} OFFSET $${values.length + 2}) p ON true
        ORDER BY p.place`,
      [...values, page.count, page.offset],
    );
    return { total: rows[0]!.total, rows: rows.filter(({ id }) => id !== null) };
  }
}

/** The SQL expression that builds an `app.scim_user` from parameters. */
const ROW = 'ROW($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)::app.scim_user';

function fieldsOf({
  userName,
  externalId,
  displayName,
  givenName,
  familyName,
  email,
  emailType,
  active,
  emails,
  attributes,
}: ScimUserFields): unknown[] {
  const json = [JSON.stringify(emails), JSON.stringify(attributes)];
  return [userName, externalId, displayName, givenName, familyName, email, emailType, active, ...json];
}
