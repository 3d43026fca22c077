import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { RoleSettings } from './role-settings.js';
import { UnitOfWork } from './unit-of-work.js';

interface RoleRow {
  name: string;
  privileged: boolean;
  owns: string | null;
  temporary: boolean;
  [column: string]: unknown;
}

/** Tables and partitions with an org_id column and without forced row-level security. */
const UNPROTECTED = `
  SELECT c.oid::regclass::text AS name
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'org_id' AND NOT a.attisdropped
   WHERE c.relkind IN ('r', 'p') AND NOT (c.relrowsecurity AND c.relforcerowsecurity)
     AND c.relnamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
   ORDER BY 1`;

/**
 * Stops the boot if row-level security does not apply to the database role: a superuser, BYPASSRLS, or a table owner.
 * Also rejects a role that can create temporary tables, because these shadow the real ones, and a database that has a
 * table with org_id but without forced row-level security. Restores the settings of the role.
 */
@Injectable()
export class RoleCheck implements OnModuleInit {
  private readonly log = new Logger('RoleCheck');

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly settings: RoleSettings,
  ) {}

  async onModuleInit(): Promise<void> {
    const [role] = await this.unitOfWork.queryAtStart<RoleRow>(`
      SELECT current_user AS name, r.rolsuper OR r.rolbypassrls AS privileged,
             (SELECT min(c.relname) FROM pg_class c WHERE c.relowner = r.oid AND c.relkind IN ('r', 'p')) AS owns,
             has_database_privilege(current_database(), 'TEMPORARY') AS temporary
        FROM pg_roles r WHERE r.rolname = current_user`);
    if (role!.privileged)
      throw new Error(
        `the database role ${role!.name} bypasses row-level security: connect as vouchsafe_app (API) or ` +
          'vouchsafe_worker',
      );
    if (role!.owns !== null)
      throw new Error(
        `the database role ${role!.name} owns the table ${role!.owns}: connect as vouchsafe_app (API) or ` +
          'vouchsafe_worker',
      );
    if (role!.temporary)
      throw new Error(
        `the database lets ${role!.name} create temporary tables, which shadow the real ones: ` +
          'run docker/init-roles.sql',
      );
    await this.checkTables();
    await this.settings.keep().catch((err: unknown) => {
      this.log.warn('the settings of the database role could not be checked; readiness reports it', err);
    });
  }

  private async checkTables(): Promise<void> {
    const tables = (await this.unitOfWork.queryAtStart<{ name: string }>(UNPROTECTED)).map(({ name }) => name);
    if (tables.length === 0) return;
    throw new Error(
      [
        'tables with org_id and without forced row-level security:',
        ...tables.map(
          (name) => `  - ${name}: end its migration with SELECT app_private.protect_table('${name}', 'SELECT, INSERT')`,
        ),
      ].join('\n'),
    );
  }
}
