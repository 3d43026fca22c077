import { Injectable } from '@nestjs/common';
import { currentContext } from '../../platform/context/context.js';
import { UnitOfWork } from '../../platform/database/unit-of-work.js';

/** Reads and writes overrides of the current organization. */
@Injectable()
export class OverridesRepository {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  async setRole(role: string, permission: string, scope: string): Promise<void> {
    await this.unitOfWork.execute(
      `INSERT INTO role_overrides (org_id, role, permission, scope) VALUES ($1, $2, $3, $4)
       ON CONFLICT (org_id, role, permission) DO UPDATE SET scope = EXCLUDED.scope, set_at = now()`,
      [currentContext().orgId, role, permission, scope],
    );
  }

  /** Removes an override for a role. Returns false when there is none. */
  async removeRole(role: string, permission: string): Promise<boolean> {
    return (
      (await this.unitOfWork.execute('DELETE FROM role_overrides WHERE org_id = $1 AND role = $2 AND permission = $3', [
        currentContext().orgId,
        role,
        permission,
      ])) > 0
    );
  }

  /** Sets an override for a member. Returns false when there is no such active membership. */
  async setMember(membershipId: string, permission: string, scope: string): Promise<boolean> {
    return (
      (await this.unitOfWork.execute(
        `INSERT INTO member_overrides (org_id, membership_id, permission, scope)
       SELECT org_id, id, $3, $4 FROM memberships WHERE org_id = $1 AND id = $2 AND status = 'active'
         AND kind = 'member'
       ON CONFLICT (org_id, membership_id, permission) DO UPDATE SET scope = EXCLUDED.scope, set_at = now()`,
        [currentContext().orgId, membershipId, permission, scope],
      )) > 0
    );
  }

  /** Removes an override for a member. Returns false when there is none. */
  async removeMember(membershipId: string, permission: string): Promise<boolean> {
    return (
      (await this.unitOfWork.execute(
        'DELETE FROM member_overrides WHERE org_id = $1 AND membership_id = $2 AND permission = $3',
        [currentContext().orgId, membershipId, permission],
      )) > 0
    );
  }

  /** Returns whether at least one active member holds the permission for the whole organization. */
  async isHeld(permission: string): Promise<boolean> {
    return (
      (
        await this.unitOfWork.sql(
          `SELECT 1 FROM memberships WHERE org_id = $1 AND status = 'active' AND grants ->> $2 = 'org' LIMIT 1`,
          [currentContext().orgId, permission],
        )
      ).length > 0
    );
  }
}
