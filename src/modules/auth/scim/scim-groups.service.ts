import { Injectable } from '@nestjs/common';
import { AuditLog } from '../../../platform/audit/audit-log.js';
import { newId } from '../../../platform/clock/id.js';
import { patchGroup, readGroup, type ScimGroupFields } from './scim-group.js';
import { ScimLog } from './scim-log.js';
import type { ScimResourceType } from './scim-resource.service.js';
import { groupResource, type GroupMemberRef } from './scim-resources.js';
import { ScimRepository, type GroupRow, type ListQuery } from './scim.repository.js';

/** Implements the SCIM resource type Group. The connection maps each group of a directory to a role. */
@Injectable()
export class ScimGroupsService implements ScimResourceType<GroupRow> {
  readonly name = 'Group';
  readonly references = 'members';
  readonly toResource = groupResource;

  constructor(
    private readonly scim: ScimRepository,
    private readonly log: ScimLog,
    private readonly audit: AuditLog,
  ) {}

  list(query: ListQuery) {
    return this.scim.groups(query);
  }

  find(id: string) {
    return this.scim.group(id);
  }

  referencesOf(ids: readonly string[]) {
    return this.scim.membersOf(ids);
  }

  ownerOf({ groupId }: GroupMemberRef): string {
    return groupId;
  }

  /**
   * Creates a group. Throws `scim_invalid_syntax` when the body does not have the SCIM format. Throws
   * `scim_invalid_value` when a value is missing or invalid. Throws `scim_unknown_member` when a member is not a user
   * of this directory. Throws `scim_uniqueness` when another group has the same displayName. Throws
   * `last_owner` when the role change would leave no owner.
   */
  async create(body: unknown): Promise<string> {
    const fields = readGroup(body);
    const id = newId();
    await this.put('scim.group_created', id, fields);
    return id;
  }

  /** Replaces a group. Throws the errors of `create`. */
  async replace({ id }: GroupRow, body: unknown): Promise<void> {
    await this.put('scim.group_updated', id, readGroup(body));
  }

  /** Changes a group. Throws the errors of `create` and of `patchGroup`. */
  async patch({ id, displayName, externalId }: GroupRow, body: unknown): Promise<void> {
    const members = (await this.scim.membersOf([id])).map(({ userId }) => userId);
    await this.put('scim.group_updated', id, patchGroup({ displayName, externalId, members }, body));
  }

  /** Deletes a group. Throws `last_owner` when the role change would leave no owner. */
  async delete(id: string): Promise<void> {
    const changes = await this.scim.deleteGroup(id);
    this.audit.record('scim.group_deleted', { target: { type: 'scim-group', id } });
    this.log.record(changes, 'no_role');
  }

  private async put(
    event: 'scim.group_created' | 'scim.group_updated',
    id: string,
    fields: ScimGroupFields,
  ): Promise<void> {
    const changes = await this.scim.putGroup(id, event === 'scim.group_created', fields);
    this.audit.record(event, { target: { type: 'scim-group', id }, meta: { members: fields.members.length } });
    this.log.record(changes, 'no_role');
  }
}
