import { Injectable } from '@nestjs/common';
import { decide, ruleOfPermission, widest, type Relation, type AccessPath } from '../../platform/policies/decide.js';
import { AuditLog } from '../../platform/audit/audit-log.js';
import { currentContext } from '../../platform/context/context.js';
import { ruleOf, ruleOfRow, type Rule } from '../../platform/policies/row-policies.js';
import { Cursors, type Page } from '../../platform/http/pagination.js';
import { Problem } from '../../platform/problem/index.js';
import type { ReasonResponse, WhoCanQuery, WhoCanResponse } from './explain.dto.js';
import { ExplainRepository, type MemberFacts, type Thing } from './explain.repository.js';
import { chainsOf, type Chains } from './levels.js';
import { assertConcerns, resourceNamed, type Resource } from './resources.js';

const BATCH = 500;
/** The relation for a query without a resource id. It satisfies both `assigned` and `own`. */
const ANY: Relation = { assigned: true, own: true, ownRow: false };

interface Step {
  step: 'see' | 'do';
  rule: Rule;
}

/** A member who can reach the resource, with the access paths for each step. */
interface Reaching {
  member: MemberFacts;
  paths: (AccessPath & Pick<Step, 'step'>)[];
}

/** Determines which members can reach a resource, and why. Uses the same rules that enforce access. */
@Injectable()
export class ExplainService {
  constructor(
    private readonly explained: ExplainRepository,
    private readonly audit: AuditLog,
    private readonly cursors: Cursors,
  ) {}

  /**
   * Returns a page of the active members who can reach a resource now, sorted by id. Throws `unknown_resource_type` or
   * `unknown_permission` when the type or the permission does not exist. Throws `permission_not_applicable` when the
   * permission does not apply to the type. Throws `not_found` when the caller cannot see the resource.
   */
  async whoCan({ resource: name, id, permission, limit, cursor }: WhoCanQuery): Promise<Page<WhoCanResponse>> {
    const resource = resourceNamed(name);
    if (permission !== undefined) assertConcerns(resource, permission, id !== undefined);
    const thing = id === undefined ? null : await this.thing(resource, id);
    const scope = { purpose: `who-can ${name} ${id ?? ''} ${permission ?? ''}`, orgId: currentContext().orgId };
    const after = this.cursors.lastId(scope, cursor);
    const found = await this.reaching(stepsOf(resource, thing, permission), thing, after, limit + 1);
    const page = this.cursors.page(scope, found, limit, ({ member }) => [member.id]);
    const levels = Map.groupBy(
      await this.explained.levels(page.items.map(({ member }) => member.id)),
      ({ membershipId }) => membershipId,
    );
    const items = page.items.map((reaching) =>
      shown(reaching, chainsOf(levels.get(reaching.member.id) ?? [], reaching.member.role)),
    );
    this.audit.record('access.explained', {
      ...(id !== undefined && { target: { type: resource.name, id } }),
      meta: { resource: name, permission, members: items.length },
    });
    return { ...page, items };
  }

  private async thing(resource: Resource, id: string): Promise<Thing> {
    const thing = await this.explained.thing(resource, id);
    if (thing === null) throw new Problem('not_found');
    return thing;
  }

  /** Returns the members with ids greater than `after` who can take all steps. */
  private async reaching(
    steps: readonly Step[],
    thing: Thing | null,
    after: string | null,
    limit: number,
  ): Promise<Reaching[]> {
    const found: Reaching[] = [];
    for (let last = after, more = true; more && found.length < limit;) {
      const members = await this.explained.members(thing?.person ?? null, last, BATCH);
      found.push(...members.flatMap((member) => reachingOf(steps, member, thing)));
      more = members.length === BATCH;
      last = members.at(-1)?.id ?? null;
    }
    return found.slice(0, limit);
  }
}

/**
 * Returns the steps to check. Includes `see` when the query names a resource or no permission. Includes `do` when the
 * query names a permission.
 */
function stepsOf({ rows }: Resource, thing: Thing | null, permission: string | undefined): Step[] {
  return [
    ...(thing !== null || permission === undefined
      ? [{ step: 'see', rule: thing === null ? ruleOf(rows, 'select') : ruleOfRow(rows, thing.permission) } as const]
      : []),
    ...(permission === undefined
      ? []
      : [{ step: 'do', rule: ruleOfPermission(permission, rows.person !== undefined) } as const]),
  ];
}

function reachingOf(steps: readonly Step[], member: MemberFacts, thing: Thing | null): Reaching[] {
  const grants = new Map(Object.entries(member.grants));
  const relation =
    thing === null
      ? ANY
      : {
          assigned: member.assignments.length > 0,
          own: thing.person !== null && thing.person === member.personId,
          ownRow: thing.owner === member.id,
        };
  const pathsByStep = steps.map(({ step, rule }) => decide(rule, grants, relation).map((path) => ({ ...path, step })));
  return pathsByStep.every((paths) => paths.length > 0) ? [{ member, paths: pathsByStep.flat() }] : [];
}

function shown({ member: { id, name, email, role, assignments }, paths }: Reaching, chains: Chains): WhoCanResponse {
  const reasons = paths.map(({ step, permission, scope, relation }): ReasonResponse => ({
    step,
    permission,
    scope,
    relation,
    assignments: relation === 'assigned' ? assignments : [],
    ...((permission === null ? undefined : chains.get(permission)) ?? { decidedBy: [], overrides: [] }),
  }));
  const last = reasons.at(-1)!.step;
  return {
    membershipId: id,
    name,
    email,
    role,
    scope: widest(reasons.filter(({ step }) => step === last).map(({ scope }) => scope)),
    reasons,
  };
}
