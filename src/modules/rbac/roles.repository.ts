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

/** A role an organization has made for itself. */
export interface CustomRole {
  key: string;
  name: string;
  description: string;
  portal: boolean;
  [column: string]: unknown;
}

/** The roles of the current organization and what they grant. */
@Injectable()
export class RolesRepository {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  /** Whether there is such a role here, of the preset or made. */
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

  /** What every role grants here, override over default. */
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

  /** Null when the organization has not made such a role. */
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
   * False when the organization has not made such a role. Fails on the constraint roles_in_use while somebody holds it.
   */
  async delete(key: string): Promise<boolean> {
    return (await this.unitOfWork.execute('DELETE FROM roles WHERE org_id = $1 AND key = $2', [this.orgId, key])) > 0;
  }

  /** Gives a role what another one has. */
  async copyGrants(from: string, to: string): Promise<void> {
    await this.unitOfWork.execute(
      `INSERT INTO role_overrides (org_id, role, permission, scope)
       SELECT $1, $3, permission, coalesce(o.scope, d.scope) FROM (SELECT * FROM role_defaults WHERE role = $2) d
         FULL JOIN (SELECT * FROM role_overrides WHERE org_id = $1 AND role = $2) o USING (permission)
        WHERE coalesce(o.scope, d.scope) <> 'none'`,
      [this.orgId, from, to],
    );
  }

  /** Lets changes of roles and members in this organization happen one after another. */
  async lockOrganization(): Promise<void> {
    await this.unitOfWork.sql('SELECT app.lock_organization()');
  }

  private get orgId(): string {
    return currentContext().orgId;
  }
}
