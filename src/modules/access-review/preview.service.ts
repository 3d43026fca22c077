import { Injectable } from '@nestjs/common';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { decide, ruleOfPermission, type Relation } from '../../platform/policies/decide.js';
import { isGranted, type Grants } from '../../platform/policies/grants.js';
import { AuditLog } from '../../platform/audit/audit-log.js';
import { isPersonScoped, ruleOf } from '../../platform/policies/row-policies.js';
import { declared, type ErrorCode } from '../../platform/feature/registry.js';
import { allRoutes } from '../../platform/boot/routes.js';
import { Problem } from '../../platform/problem/index.js';
import { ExplainRepository } from './explain.repository.js';
import { chainsOf } from './levels.js';
import type { AllowedRoute, PreviewResponse, PreviewedPermission } from './preview.dto.js';
import { PreviewRepository, type MemberInFull } from './preview.repository.js';
import { resourceNamed } from './resources.js';

/** The number of people who have the same relation to the member. */
interface Group {
  relation: Relation;
  count: number;
}

/** Determines what a user can see and do. Uses the same rules that enforce access. */
@Injectable()
export class PreviewService {
  constructor(
    private readonly previews: PreviewRepository,
    private readonly explained: ExplainRepository,
    private readonly audit: AuditLog,
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
  ) {}

  /** Returns the preview of a user. Throws `not_found` when the user has never been a member. */
  async preview(userId: string): Promise<PreviewResponse> {
    const member = await this.previews.member(userId);
    if (member === null) throw new Problem('not_found');
    const active = member.status === 'active';
    const grants: Grants = new Map(active ? Object.entries(member.grants) : []);
    this.audit.record('access.previewed', { target: { type: 'user', id: userId } });
    return {
      ...member,
      membershipId: member.id,
      signInRestrictions: signInRestrictionsOf(member),
      permissions: await this.permissions(member, grants),
      accessGrants: member.accessGrants.map(({ scopes, ...grant }) => ({
        ...grant,
        grants: Object.entries(scopes).map(([permission, scope]) => ({ permission, scope })),
      })),
      routes: active ? this.routes(grants) : [],
    };
  }

  private async permissions(member: MemberInFull, grants: Grants): Promise<PreviewedPermission[]> {
    const chains = chainsOf(await this.explained.levels([member.id]), member.role);
    const groups = groupsOf(member);
    return [...declared('permissions').keys()].toSorted().map((permission) => ({
      permission,
      scope: grants.get(permission) ?? 'none',
      ...(chains.get(permission) ?? { decidedBy: [], overrides: [] }),
      people: isPersonScoped(permission) ? peopleInReach(permission, grants, groups) : null,
    }));
  }

  private routes(grants: Grants): AllowedRoute[] {
    return allRoutes(this.discovery, this.scanner).flatMap(({ method, path, policy }) =>
      policy?.kind === 'access' && isGranted(grants, policy.permission)
        ? [{ method, path, permission: policy.permission }]
        : [],
    );
  }
}

const REQUIRED_ACTIONS = {
  step_up: 'step_up_required',
  mfa_enrollment: 'mfa_enrollment_required',
  sso: 'sso_required',
  method: 'sign_in_method_not_allowed',
} as const satisfies Record<string, ErrorCode>;

function signInRestrictionsOf({ status, suspended, mustChangePassword, requiredAction }: MemberInFull): ErrorCode[] {
  const codes: [boolean, ErrorCode][] = [
    [status === 'ended', 'membership_ended'],
    [suspended, 'organization_suspended'],
    [mustChangePassword, 'password_change_required'],
    ...(requiredAction === null ? [] : [[true, REQUIRED_ACTIONS[requiredAction]] as [boolean, ErrorCode]]),
  ];
  return codes.filter(([applies]) => applies).map(([, code]) => code);
}

/** Groups the organization's people by their relation to the member. */
function groupsOf({ people, personId, assignments }: MemberInFull): Group[] {
  const assigned = new Set(assignments.filter(({ inForce }) => inForce).map((assignment) => assignment.personId));
  const both = personId !== null && assigned.has(personId);
  const own = personId !== null && !both ? 1 : 0;
  const group = (count: number, relation: Partial<Relation>): Group => ({
    count,
    relation: { assigned: false, own: false, ownRow: false, ...relation },
  });
  return [
    group(people - assigned.size - own, {}),
    group(assigned.size - (both ? 1 : 0), { assigned: true }),
    group(own, { own: true }),
    group(both ? 1 : 0, { assigned: true, own: true }),
  ];
}

/** Counts the people whom the member can see and to whom the member's permission applies. */
function peopleInReach(permission: string, grants: Grants, groups: readonly Group[]): number {
  const rules = [ruleOf(resourceNamed('person').rows, 'select'), ruleOfPermission(permission, true)];
  return groups
    .filter(({ relation }) => rules.every((rule) => decide(rule, grants, relation).length > 0))
    .reduce((sum, { count }) => sum + count, 0);
}
