import { Injectable } from '@nestjs/common';
import { AuditLog } from '../../../platform/audit/audit-log.js';
import { currentMember } from '../../../platform/context/context.js';
import { Problem } from '../../../platform/problem/index.js';
import { IdentitiesRepository } from './identities.repository.js';

/** Shows and removes the identities of members at identity providers. */
@Injectable()
export class IdentitiesService {
  constructor(
    private readonly identities: IdentitiesRepository,
    private readonly audit: AuditLog,
  ) {}

  /** Returns the identities of a member. Throws `not_found` when the organization has no such member. */
  async list(membershipId: string) {
    const items = await this.identities.of(membershipId);
    if (items.length === 0 && !(await this.identities.isMember(membershipId))) throw new Problem('not_found');
    return { items, nextCursor: null };
  }

  /** Returns the caller's own identities. */
  async own() {
    return { items: await this.identities.of(currentMember().membershipId), nextCursor: null };
  }

  /**
   * Removes an identity and ends the sessions that it opened. Throws `not_found` when the member has no such identity.
   * Throws `last_sign_in_method` when the member could no longer sign in, unless `allowLockout` is true.
   */
  async remove(membershipId: string, identityId: string, allowLockout: boolean): Promise<void> {
    const isLast = await this.identities.isLast(identityId);
    const connectionId = await this.identities.delete(membershipId, identityId);
    if (connectionId === undefined) throw new Problem('not_found');
    if (isLast && !allowLockout) throw new Problem('last_sign_in_method');
    this.audit.record('sso.identity_removed', {
      target: { type: 'membership', id: membershipId },
      meta: { connectionId },
    });
  }
}
