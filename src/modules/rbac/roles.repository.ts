import { Injectable } from '@nestjs/common';
import { currentContext } from '../../platform/context/context.js';
import { UnitOfWork } from '../../platform/database/unit-of-work.js';

export interface GrantRow {
  role: string;
  permission: string;
  scope: string;
  source: 'default' | 'role';
  [column: string]: unknown;
}

/** A custom role of an organization. */
export interface CustomRole {
  key: string;
  name: string;
  description: string;
  portal: boolean;
  [column: string]: unknown;
}

/** Reads and writes the roles of the current organization and their grants. */
@Injectable()
export class RolesRepository {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  /** Returns whether the organization has the role, either from its preset or as a custom role. */
  async exists(role: string): Promise<boolean> {
    const rows = await this.unitOfWork.sql(
      `SELECT 1 FROM preset_roles r JOIN organizations o ON o.preset = r.preset WHERE o.id = $1 AND r.role = $2
       UNION ALL SELECT 1 FROM roles WHERE org_id = $1 AND key = $2`,
      [this.orgId, role],
    );
    return rows.length > 0;
  }

  custom(): Promise<CustomRole[]> {
    return this.unitOfWork.sql<CustomRole>(
      'SELECT key, name, description, portal FROM roles WHERE org_id = $1 ORDER BY key',
      [this.orgId],
    );
  }

  /** Returns the effective grants of every role. */
  grants(): Promise<GrantRow[]> {
    return this.unitOfWork.sql<GrantRow>(
      `SELECT role, permission, coalesce(o.scope, d.scope) AS scope,
              CASE WHEN o.scope IS NULL THEN 'default' ELSE 'role' END AS source
         FROM role_defaults d FULL JOIN (SELECT * FROM role_overrides WHERE org_id = $1) o USING (role, permission)
        ORDER BY role, permission`,
      [this.orgId],
    );
  }

  async insert({ key, name, description, portal }: CustomRole): Promise<void> {
    await this.unitOfWork.execute(
      'INSERT INTO roles (org_id, key, name, description, portal) VALUES ($1, $2, $3, $4, $5)',
      [this.orgId, key, name, description, portal],
    );
  }

  /** Changes a custom role. Returns null when the organization has no such custom role. */
  async update(
    key: string,
    { name, description }: { name?: string; description?: string },
  ): Promise<CustomRole | null> {
    const [role] = await this.unitOfWork.sql<CustomRole>(
      `UPDATE roles SET name = coalesce($3, name), description = coalesce($4, description) WHERE org_id = $1
         AND key = $2
       RETURNING key, name, description, portal`,
      [this.orgId, key, name ?? null, description ?? null],
    );
    return role ?? null;
  }

  /**
   * Deletes a custom role. Returns false when the organization has no such custom role. Fails on the constraint
   * `roles_in_use` while a member holds the role.
   */
  async delete(key: string): Promise<boolean> {
    return (await this.unitOfWork.execute('DELETE FROM roles WHERE org_id = $1 AND key = $2', [this.orgId, key])) > 0;
  }

  /** Copies the grants of one role to another. */
  async copyGrants(from: string, to: string): Promise<void> {
    await this.unitOfWork.execute(
      `INSERT INTO role_overrides (org_id, role, permission, scope)
       SELECT $1, $3, permission, coalesce(o.scope, d.scope) FROM (SELECT * FROM role_defaults WHERE role = $2) d
         FULL JOIN (SELECT * FROM role_overrides WHERE org_id = $1 AND role = $2) o USING (permission)
        WHERE coalesce(o.scope, d.scope) <> 'none'`,
      [this.orgId, from, to],
    );
  }

  /** Takes a lock, so that changes of roles and members in this organization run one at a time. */
  async lockOrganization(): Promise<void> {
    await this.unitOfWork.sql('SELECT app.lock_organization()');
  }

  private get orgId(): string {
    return currentContext().orgId;
  }
}
