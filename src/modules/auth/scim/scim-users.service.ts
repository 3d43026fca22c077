import { Injectable } from '@nestjs/common';
import { AuditLog } from '../../../platform/audit/audit-log.js';
import { newId } from '../../../platform/clock/id.js';
import { isOneLine } from '../../../platform/http/one-line.js';
import { Problem } from '../../../platform/problem/index.js';
import { ScimLog } from './scim-log.js';
import type { ScimResourceType } from './scim-resource.service.js';
import { userResource, type GroupMemberRef } from './scim-resources.js';
import { patchUser } from './scim-user-patch.js';
import { changedFields, readUser, type ScimUserFields } from './scim-user.js';
import { attribute, type Json } from './scim-values.js';
import { ScimRepository, type ListQuery, type UserRow } from './scim.repository.js';

/** Implements the SCIM resource type User. A user is a member whom the directory provisions. */
@Injectable()
export class ScimUsersService implements ScimResourceType<UserRow> {
  readonly name = 'User';
  readonly references = 'groups';
  readonly toResource = userResource;

  constructor(
    private readonly scim: ScimRepository,
    private readonly log: ScimLog,
    private readonly audit: AuditLog,
  ) {}

  list(query: ListQuery) {
    return this.scim.users(query);
  }

  find(id: string) {
    return this.scim.user(id);
  }

  referencesOf(ids: readonly string[]) {
    return this.scim.groupsOf(ids);
  }

  ownerOf({ userId }: GroupMemberRef): string {
    return userId;
  }

  /**
   * Creates a user. Throws `scim_invalid_syntax` when the body does not have the SCIM format. Throws
   * `scim_invalid_value` when a value is missing or invalid. Throws `scim_uniqueness` when another user has the same
   * userName. Throws `scim_account_exists` when the e-mail address belongs to an account that this
   * directory cannot manage. Throws `last_owner` when the change would leave no owner.
   */
  async create(body: unknown): Promise<string> {
    const fields = await this.fieldsOf(body);
    const changes = await this.scim.createUser(fields, newId(), newId());
    this.log.record(changes, endReason(fields));
    return changes[0]!.membershipId;
  }

  /** Replaces a user. Throws the errors of `create`. */
  async replace(before: UserRow, body: unknown): Promise<void> {
    return this.update(before, await this.fieldsOf(body, before));
  }

  /** Changes a user. Throws the errors of `create` and of `patchUser`. */
  async patch(before: UserRow, body: unknown): Promise<void> {
    return this.update(before, patchUser(before, body));
  }

  /** Deletes a user. Throws `last_owner` when the change would leave no owner. */
  async delete(id: string): Promise<void> {
    this.log.record(await this.scim.deleteUser(id), 'deleted');
    this.audit.record('scim.user_deleted', { target: { type: 'membership', id } });
  }

  /** Parses a User. A userName that is taken is reported before a value that is invalid. */
  private async fieldsOf(body: unknown, before?: UserRow): Promise<ScimUserFields> {
    try {
      return readUser(body, before);
    } catch (error) {
      if (error instanceof Problem && (await this.isTaken(body, before?.id))) throw new Problem('scim_uniqueness');
      throw error;
    }
  }

  /** Returns whether another user of this directory has the userName of a body that is possibly invalid. */
  private async isTaken(body: unknown, own: string | undefined): Promise<boolean> {
    if (typeof body !== 'object' || body === null) return false;
    const userName = attribute(body as Json, 'userName');
    if (typeof userName !== 'string' || !isOneLine(userName)) return false;
    const id = await this.scim.findUserName(userName.normalize('NFC'));
    return id !== null && id !== own;
  }

  private async update(before: UserRow, after: ScimUserFields): Promise<void> {
    const changes = await this.scim.updateUser(before.id, after);
    this.audit.record('scim.user_updated', {
      target: { type: 'membership', id: before.id },
      meta: { fields: changedFields(before, after) },
    });
    this.log.record(changes, endReason(after));
  }
}

/** Returns the reason that the audit log records if a change ends the user's membership. */
function endReason({ active }: ScimUserFields): 'no_role' | 'inactive' {
  return active ? 'no_role' : 'inactive';
}
