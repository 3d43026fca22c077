import { Injectable } from '@nestjs/common';
import { AuditLog } from '../../../platform/audit/audit-log.js';
import { Problem } from '../../../platform/problem/index.js';
import { ruleOf, roleOf, type IdpClaims, type RoleMapping } from './role-mapping.js';
import type { PreviewMappingDto } from './sso-connection-test.dto.js';
import { SsoRepository } from './sso.repository.js';

const MAX_MEMBERS_SHOWN = 100;

/**
 * Previews a role mapping. Shows the role of an example user, and the changes for members who signed in through the
 * connection.
 */
@Injectable()
export class MappingPreview {
  constructor(
    private readonly repository: SsoRepository,
    private readonly audit: AuditLog,
  ) {}

  /**
   * Evaluates the mapping of the connection. A proposed field replaces the same field of that mapping. Throws
   * `not_found` when there is no such connection.
   */
  async preview(connectionId: string, { groups, attributes = [], ...proposed }: PreviewMappingDto) {
    const connection = await this.repository.find(connectionId);
    if (connection === null) throw new Problem('not_found');
    const { groupRoles, attributeRoles, defaultRole } = connection;
    const mapping: RoleMapping = { groupRoles, attributeRoles, defaultRole, ...proposed };
    const rule = ruleOf(mapping, groups, new Map(attributes.map(({ name, values }) => [name, values]))) ?? null;
    const members = await this.changedMembers(connectionId, mapping);
    this.audit.record('sso.mapping_previewed', { target: { type: 'sso-connection', id: connectionId } });
    return { role: rule?.role ?? null, rule, members: members.slice(0, MAX_MEMBERS_SHOWN), changing: members.length };
  }

  /** Returns the members whose role would change. Uses the groups and attributes of each member's last sign-in. */
  private async changedMembers(connectionId: string, mapping: RoleMapping) {
    const identified = await this.repository.identifiedMembers(connectionId);
    return identified.flatMap(({ membershipId, name, role: from, groups, attributes }) => {
      const claims: IdpClaims = new Map(Object.entries(attributes ?? {}));
      const to = roleOf(mapping, groups ?? [], claims) ?? null;
      return to === from ? [] : [{ membershipId, name, from, to }];
    });
  }
}
