import { Injectable } from '@nestjs/common';
import { AuditLog } from '../../../platform/audit/audit-log.js';
import { Problem } from '../../../platform/problem/index.js';
import { ruleOf, roleOf, type IdpClaims, type RoleMapping } from './role-mapping.js';
import type { PreviewMappingDto } from './sso-connection-test.dto.js';
import { SsoRepository } from './sso.repository.js';

const SHOWN = 100;

/** A dry run of role mapping: for somebody made up, and for the members who came through the connection. */
@Injectable()
export class MappingPreview {
  constructor(
    private readonly repository: SsoRepository,
    private readonly audit: AuditLog,
  ) {}

  /** By the connection's own mapping, or by what of another is given. Throws not_found. */
  async preview(connectionId: string, { groups, attributes = [], ...proposed }: PreviewMappingDto) {
    const connection = await this.repository.find(connectionId);
    if (connection === null) throw new Problem('not_found');
    const { groupRoles, attributeRoles, defaultRole } = connection;
    const mapping: RoleMapping = { groupRoles, attributeRoles, defaultRole, ...proposed };
    const rule = ruleOf(mapping, groups, new Map(attributes.map(({ name, values }) => [name, values]))) ?? null;
    const members = await this.changed(connectionId, mapping);
    this.audit.record('sso.mapping_previewed', { target: { type: 'sso-connection', id: connectionId } });
    return { role: rule?.role ?? null, rule, members: members.slice(0, SHOWN), changing: members.length };
  }

  /** Who would have another role, by the groups and attributes of their last sign-in. */
  private async changed(connectionId: string, mapping: RoleMapping) {
    const known = await this.repository.identified(connectionId);
    return known.flatMap(({ membershipId, name, role: from, groups, attributes }) => {
      const claims: IdpClaims = new Map(Object.entries(attributes ?? {}));
      const to = roleOf(mapping, groups ?? [], claims) ?? null;
      return to === from ? [] : [{ membershipId, name, from, to }];
    });
  }
}
