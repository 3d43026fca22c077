import type { DatabaseConfig } from '../config/index.js';

/** Settings by name in lower case, as `ALTER ROLE … SET` stores them. */
export type Settings = Readonly<Record<string, string>>;

/**
 * Returns the settings that the statements and the parsing of their results depend on. They apply to each connection at
 * its start, and are settings of the database role too. `default_transaction_read_only` is absent, because a server
 * that an operator or a full disk makes read-only must stay so.
 */
export function sessionSettings({ isApi }: Pick<DatabaseConfig, 'isApi'>): Settings {
  return {
    search_path: 'public',
    row_security: 'on',
    statement_timeout: '30s',
    idle_in_transaction_session_timeout: isApi ? '60s' : '15min',
    lock_timeout: '0',
    plan_cache_mode: 'force_generic_plan',
    default_transaction_isolation: 'read committed',
    datestyle: 'ISO, MDY',
    intervalstyle: 'postgres',
    timezone: 'UTC',
    bytea_output: 'hex',
    extra_float_digits: '1',
    standard_conforming_strings: 'on',
    array_nulls: 'on',
    transform_null_equals: 'off',
  };
}

/**
 * Returns the settings as the startup option of a connection (PostgreSQL manual, "options" of libpq). They precede the
 * settings of the role and the database. Returns undefined behind PgBouncer, which rejects unknown settings.
 */
export function startupOptions(config: Pick<DatabaseConfig, 'isApi' | 'direct'>): string | undefined {
  if (!config.direct) return undefined;
  return Object.entries(sessionSettings(config))
    .map(([name, value]) => `-c ${name}=${value.replaceAll(/[\\ ]/g, '\\$&')}`)
    .join(' ');
}
