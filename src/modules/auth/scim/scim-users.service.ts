import { Injectable } from '@nestjs/common';
import { AuditTrail } from '../../../platform/audit/audit-trail.js';
import { newId } from '../../../platform/clock/id.js';
import { AppConfig } from '../../../platform/config/index.js';
import { Problem } from '../../../platform/problem/index.js';
import { isResourceId } from './scim-group.js';
import { ScimLog } from './scim-log.js';
import { assertVersion, Projection, readPage } from './scim-query.js';
import { baseUrl, listResource, userResource, type Represented } from './scim-resources.js';
import { patchUser } from './scim-user-patch.js';
import { changedFields, readUser, type ScimUserFields } from './scim-user.js';
import { ScimRepository, type UserRow } from './scim.repository.js';

export type ScimQuery = Record<string, string | undefined>;

/** The Users of a directory: members of the organization, as far as it speaks of them. */
@Injectable()
export class ScimUsersService {
  private readonly base: string;

  constructor(
    private readonly scim: ScimRepository,
    private readonly log: ScimLog,
    private readonly audit: AuditTrail,
    app: AppConfig,
  ) {
    this.base = baseUrl(app);
  }

  /** Throws scim_invalid_filter, scim_invalid_value. */
  async list(query: ScimQuery): Promise<Represented> {
    const page = readPage(query);
    const projection = new Projection(query);
    const { total, rows } = await this.scim.users({
      filter: query['filter'],
      page,
      order: query['sortBy']?.toLowerCase(),
      descending: query['sortOrder'] === 'descending',
    });
    this.log.read('User', rows.length);
    return { resource: listResource(total, page, await this.present(rows, projection)) };
  }

  /** Throws not_found. */
  async read(id: string, query: ScimQuery): Promise<Represented> {
    const user = await this.find(id);
    this.log.read('User', 1);
    return this.represent(user, query);
  }

  /** Throws scim_invalid_syntax, scim_invalid_value, scim_uniqueness, scim_account_exists, last_administrator. */
  async create(body: unknown, query: ScimQuery): Promise<Represented> {
    const fields = readUser(body);
    const effects = await this.scim.createUser(fields, newId(), newId());
    this.log.record(effects, fields.active ? 'no_role' : 'inactive');
    return this.represent(await this.find(effects[0]!.membershipId), query);
  }

  /** Throws as `create`, and not_found, scim_precondition_failed. */
  replace(id: string, body: unknown, ifMatch: string | undefined, query: ScimQuery): Promise<Represented> {
    return this.change(id, ifMatch, query, (before) => readUser(body, before));
  }

  /** Throws as `replace`, and what a patch may throw. */
  patch(id: string, body: unknown, ifMatch: string | undefined, query: ScimQuery): Promise<Represented> {
    return this.change(id, ifMatch, query, (before) => patchUser(before, body));
  }

  /** Throws not_found, scim_precondition_failed, last_administrator. */
  async delete(id: string, ifMatch: string | undefined): Promise<void> {
    assertVersion((await this.find(id)).version, ifMatch);
    this.log.record(await this.scim.deleteUser(id), 'deleted');
    this.audit.record('scim.user_deleted', { target: { type: 'membership', id } });
  }

  private async change(
    id: string,
    ifMatch: string | undefined,
    query: ScimQuery,
    changed: (before: UserRow) => ScimUserFields,
  ): Promise<Represented> {
    const before = await this.find(id);
    assertVersion(before.version, ifMatch);
    const after = changed(before);
    const effects = await this.scim.updateUser(id, after);
    this.audit.record('scim.user_updated', {
      target: { type: 'membership', id },
      meta: { fields: changedFields(before, after) },
    });
    this.log.record(effects, after.active ? 'no_role' : 'inactive');
    return this.represent(await this.find(id), query);
  }

  private async find(id: string): Promise<UserRow> {
    const user = isResourceId(id) ? await this.scim.user(id) : null;
    if (user === null) throw new Problem('not_found');
    return user;
  }

  private async represent(user: UserRow, query: ScimQuery): Promise<Represented> {
    const [resource] = await this.present([user], new Projection(query));
    return { resource: resource!, version: user.version, location: `${this.base}/Users/${user.id}` };
  }

  private async present(users: readonly UserRow[], projection: Projection) {
    const groups =
      projection.wants('groups') && users.length > 0
        ? Map.groupBy(await this.scim.groupsOf(users.map(({ id }) => id)), ({ userId }) => userId)
        : null;
    return users.map((user) =>
      projection.of(userResource(this.base, user, groups === null ? undefined : (groups.get(user.id) ?? []))),
    );
  }
}
