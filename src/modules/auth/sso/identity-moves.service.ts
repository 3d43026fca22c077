import { Injectable } from '@nestjs/common';
import { AuditLog } from '../../../platform/audit/audit-log.js';
import { Problem } from '../../../platform/problem/index.js';
import { RolesService } from '../../rbac/index.js';
import type { MoveIdentitiesDto, PreviewIdentityMoveDto } from './identities.dto.js';
import { IdentitiesRepository, type MovableMember } from './identities.repository.js';
import { roleOf } from './role-mapping.js';
import type { SsoConnectionEntity } from './sso-connection.entity.js';
import { SsoRepository } from './sso.repository.js';

const MAX_MEMBERS_SHOWN = 100;
const RESULTS = [
  'moves',
  'lower_role',
  'higher_role',
  'no_role',
  'not_active',
  'already_linked',
  'email_not_confirmed',
  'ambiguous',
] as const;
type MoveResult = (typeof RESULTS)[number];

/**
 * Moves the identities of one connection to another connection of the organization. A new provider usually sends other
 * subjects, so a move changes no identity. It names the members whose account the next matching sign-in gets.
 */
@Injectable()
export class IdentityMoves {
  constructor(
    private readonly identities: IdentitiesRepository,
    private readonly connections: SsoRepository,
    private readonly roles: RolesService,
    private readonly audit: AuditLog,
  ) {}

  /** Returns the move to a connection that waits for sign-ins. Throws `not_found`. */
  async read(to: string) {
    await this.require(to);
    return this.identities.waiting(to);
  }

  /**
   * Returns the result of a move for each member. The new role follows from the groups of the member's last sign-in.
   * The database decides again at the next sign-in. Throws `not_found` when the organization has no such connection.
   * Throws `invalid_request` when both connections are the same.
   */
  async preview(to: string, { fromConnectionId: from, matchBy }: PreviewIdentityMoveDto) {
    const target = await this.require(to);
    await this.requireOrigin(from, to);
    const members = await this.withResults(await this.identities.movable(from, to, matchBy), target);
    const counts = Object.fromEntries(RESULTS.map((result) => [result, 0])) as Record<MoveResult, number>;
    for (const { result } of members) counts[result] += 1;
    const conflictsFirst = members.toSorted((a, b) => Number(a.result === 'moves') - Number(b.result === 'moves'));
    this.audit.record('sso.identity_move_previewed', {
      target: { type: 'sso-connection', id: to },
      meta: { from },
    });
    return { counts, members: conflictsFirst.slice(0, MAX_MEMBERS_SHOWN) };
  }

  /**
   * Starts a move. The administrators are notified. Throws `insufficient_privileges_to_grant` unless the caller holds
   * every permission of the owner role. Throws `not_found` and `invalid_request` like `preview`.
   */
  async move(to: string, { fromConnectionId: from, matchBy, days, allowLowerRole = false }: MoveIdentitiesDto) {
    await this.roles.assertSpeaksForAll();
    await this.require(to);
    await this.requireOrigin(from, to);
    const members = await this.identities.move(from, to, matchBy, allowLowerRole, days);
    this.audit.record('sso.identities_moved', {
      target: { type: 'sso-connection', id: to },
      meta: { from, matchBy, members, days, allowLowerRole },
    });
    return this.identities.waiting(to);
  }

  /** Cancels the move to a connection. Throws `not_found` when there is none. */
  async cancel(to: string): Promise<void> {
    const members = await this.identities.cancel(to);
    if (members === 0) throw new Problem('not_found');
    this.audit.record('sso.identity_move_cancelled', {
      target: { type: 'sso-connection', id: to },
      meta: { members },
    });
  }

  private async withResults(found: readonly MovableMember[], target: SsoConnectionEntity) {
    const members = found.map(({ membershipId, name, role, groups, attributes, problem }) => {
      const newRole = roleOf(target, groups ?? [], new Map(Object.entries(attributes ?? {}))) ?? null;
      return { membershipId, name, role, newRole, problem };
    });
    const pairs = [...new Set(members.map(({ role, newRole }) => `${role} ${newRole ?? ''}`))].map((pair) => {
      const [held, wanted] = pair.split(' ');
      return { pair, held: held!, wanted: wanted! };
    });
    const higher = await this.identities.giveMore(pairs);
    const lower = await this.identities.giveMore(pairs.map(({ held, wanted }) => ({ held: wanted, wanted: held })));
    const changes = new Map(
      pairs.map(({ pair }, i): [string, MoveResult] => [
        pair,
        higher[i] ? 'higher_role' : lower[i] ? 'lower_role' : 'moves',
      ]),
    );
    return members.map(({ problem, ...member }) => {
      const change = member.newRole === null ? 'no_role' : changes.get(`${member.role} ${member.newRole}`)!;
      return { ...member, result: problem ?? change };
    });
  }

  private async require(id: string): Promise<SsoConnectionEntity> {
    const connection = await this.connections.find(id);
    if (connection === null) throw new Problem('not_found');
    return connection;
  }

  private async requireOrigin(from: string, to: string): Promise<void> {
    if (from === to) throw new Problem('invalid_request', { detail: 'Both connections are the same.' });
    await this.require(from);
  }
}
