import { Injectable } from '@nestjs/common';
import { AuditTrail } from '../../../platform/audit/audit-trail.js';
import { newId } from '../../../platform/clock/id.js';
import { AppConfig } from '../../../platform/config/index.js';
import { Problem } from '../../../platform/problem/index.js';
import { isResourceId, patchGroup, readGroup, type ScimGroupFields } from './scim-group.js';
import { ScimLog } from './scim-log.js';
import { assertVersion, Projection, readPage } from './scim-query.js';
import { baseUrl, groupResource, listResource, type Represented } from './scim-resources.js';
import type { ScimQuery } from './scim-users.service.js';
import { ScimRepository, type GroupRow } from './scim.repository.js';

/** The Groups of a directory; which role a group stands for is said by the connection. */
@Injectable()
export class ScimGroupsService {
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
    const { total, rows } = await this.scim.groups({
      filter: query['filter'],
      page,
      order: query['sortBy']?.toLowerCase(),
      descending: query['sortOrder'] === 'descending',
    });
    this.log.read('Group', rows.length);
    return { resource: listResource(total, page, await this.present(rows, new Projection(query))) };
  }

  /** Throws not_found. */
  async read(id: string, query: ScimQuery): Promise<Represented> {
    const group = await this.find(id);
    this.log.read('Group', 1);
    return this.represent(group, query);
  }

  /** Throws scim_invalid_syntax, scim_invalid_value, scim_unknown_member, scim_uniqueness, last_administrator. */
  async create(body: unknown, query: ScimQuery): Promise<Represented> {
    const fields = readGroup(body);
    const id = newId();
    const effects = await this.scim.putGroup(id, true, fields);
    this.audit.record('scim.group_created', {
      target: { type: 'scim-group', id },
      meta: { members: fields.members.length },
    });
    this.log.record(effects, 'no_role');
    return this.represent(await this.find(id), query);
  }

  /** Throws as `create`, and not_found, scim_precondition_failed. */
  replace(id: string, body: unknown, ifMatch: string | undefined, query: ScimQuery): Promise<Represented> {
    return this.change(id, ifMatch, query, () => readGroup(body));
  }

  /** Throws as `replace`, and what a patch may throw. */
  patch(id: string, body: unknown, ifMatch: string | undefined, query: ScimQuery): Promise<Represented> {
    return this.change(id, ifMatch, query, (before) => patchGroup(before, body));
  }

  /** Throws not_found, scim_precondition_failed, last_administrator. */
  async delete(id: string, ifMatch: string | undefined): Promise<void> {
    assertVersion((await this.find(id)).version, ifMatch);
    const effects = await this.scim.deleteGroup(id);
    this.audit.record('scim.group_deleted', { target: { type: 'scim-group', id } });
    this.log.record(effects, 'no_role');
  }

  private async change(
    id: string,
    ifMatch: string | undefined,
    query: ScimQuery,
    changed: (before: ScimGroupFields) => ScimGroupFields,
  ): Promise<Represented> {
    const before = await this.find(id);
    assertVersion(before.version, ifMatch);
    const members = (await this.scim.membersOf([id])).map(({ userId }) => userId);
    const after = changed({ displayName: before.displayName, externalId: before.externalId, members });
    const effects = await this.scim.putGroup(id, false, after);
    this.audit.record('scim.group_updated', {
      target: { type: 'scim-group', id },
      meta: { members: after.members.length },
    });
    this.log.record(effects, 'no_role');
    return this.represent(await this.find(id), query);
  }

  private async find(id: string): Promise<GroupRow> {
    const group = isResourceId(id) ? await this.scim.group(id) : null;
    if (group === null) throw new Problem('not_found');
    return group;
  }

  private async represent(group: GroupRow, query: ScimQuery): Promise<Represented> {
    const [resource] = await this.present([group], new Projection(query));
    return { resource: resource!, version: group.version, location: `${this.base}/Groups/${group.id}` };
  }

  private async present(groups: readonly GroupRow[], projection: Projection) {
    const members =
      projection.wants('members') && groups.length > 0
        ? Map.groupBy(await this.scim.membersOf(groups.map(({ id }) => id)), ({ groupId }) => groupId)
        : null;
    return groups.map((group) =>
      projection.of(groupResource(this.base, group, members === null ? undefined : (members.get(group.id) ?? []))),
    );
  }
}
