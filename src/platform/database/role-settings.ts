import { Injectable, Logger } from '@nestjs/common';
import { DatabaseConfig } from '../config/index.js';
import { sessionSettings, type Settings } from './session-settings.js';
import { UnitOfWork } from './unit-of-work.js';

/** The stored settings of the role, such as `work_mem=4MB`: for all databases, and for this database only. */
interface Stored {
  database: string;
  everywhere: string[];
  here: string[];
  [column: string]: unknown;
}

const STORED = `
  SELECT current_database() AS database,
         coalesce(max(s.setconfig) FILTER (WHERE s.setdatabase = 0), '{}') AS everywhere,
         coalesce(max(s.setconfig) FILTER (WHERE s.setdatabase <> 0), '{}') AS here
    FROM pg_db_role_setting s
   WHERE s.setrole = current_user::regrole AND s.setdatabase IN
     (0, (SELECT d.oid FROM pg_database d WHERE d.datname = current_database()))`;

/** The settings of $1 that every role may change for itself. An operator sets the others. */
const CHANGEABLE = `
  SELECT n.name FROM unnest($1::text[]) AS n (name) LEFT JOIN pg_settings p ON lower(p.name) = n.name
   WHERE p.context IS NULL OR p.context = 'user'`;

/**
 * Keeps the settings of the database role. Postgres lets every role change its own settings with ALTER ROLE, for all
 * tenants and for the time after a restart. Each connection sets what it needs itself, but not behind PgBouncer.
 */
@Injectable()
export class RoleSettings {
  private readonly log = new Logger('RoleSettings');
  private readonly expected: Settings;

  constructor(
    private readonly unitOfWork: UnitOfWork,
    config: DatabaseConfig,
  ) {
    this.expected = sessionSettings(config);
  }

  /**
   * Restores changed settings and closes the connections that may have them. Throws when they stay changed. Works while
   * the circuit is open, because a changed setting can be the reason.
   */
  async keep(): Promise<void> {
    const stored = await this.stored();
    if (!(await this.isChanged(stored))) return;
    this.log.warn('SECURITY: the settings of the database role were changed and are restored');
    await this.unitOfWork.queryForRepair(this.restoration(stored.database));
    this.unitOfWork.renewConnections();
    if (await this.isChanged(await this.stored())) throw new Error('the settings of the database role stay changed');
  }

  private async stored(): Promise<Stored> {
    const [row] = await this.unitOfWork.queryForRepair<Stored>(STORED);
    return row!;
  }

  private async isChanged({ everywhere, here }: Stored): Promise<boolean> {
    const found = new Map(everywhere.map(split));
    if (Object.entries(this.expected).some(([name, value]) => found.get(name) !== value)) return true;
    const others = [...found.keys()].filter((name) => !Object.hasOwn(this.expected, name));
    others.push(...here.map((setting) => split(setting)[0]));
    return others.length > 0 && (await this.unitOfWork.queryForRepair(CHANGEABLE, [others])).length > 0;
  }

  /** Returns statements for one message. They also restore a role that made its transactions read-only. */
  private restoration(database: string): string {
    return [
      'BEGIN READ WRITE',
      `ALTER ROLE CURRENT_USER IN DATABASE "${database.replaceAll('"', '""')}" RESET ALL`,
      'ALTER ROLE CURRENT_USER RESET ALL',
      ...Object.entries(this.expected).map(([name, value]) => `ALTER ROLE CURRENT_USER SET ${name} = '${value}'`),
      'COMMIT',
    ].join(';');
  }
}

/** Splits a stored setting at its first equals sign. The name is in lower case. */
function split(setting: string): [name: string, value: string] {
  const at = setting.indexOf('=');
  return [setting.slice(0, at).toLowerCase(), setting.slice(at + 1)];
}
