import { createHash } from 'node:crypto';
import { isPortalRole, OWNER_ROLES, PRESETS, type Preset } from '../feature/roles.js';
import { declared } from '../feature/registry.js';
import { createPolicy, ROW_COMMANDS, rowPolicies, type RowPolicy } from './row-policies.js';
import { replaceFunctions, storedFunctionDigest } from '../database/function-sync.js';
import { inTransaction, type Query } from '../database/migrations.js';
import { digestOf, functionFiles, type SqlFile } from '../database/sql-files.js';

/** The declarations that the database stores. */
export interface Catalog {
  permissions: { key: string; person_scoped: boolean }[];
  roles: { preset: string; role: string; is_owner_role: boolean; portal: boolean }[];
  defaults: { role: string; permission: string; scope: string }[];
  /** The minimum days of each retention policy, and its table. */
  floors: { policy: string; about: string; days: number }[];
  policies: RowPolicy[];
}

/** Returns the declarations of the running code in the form of the database. */
export function catalog(): Catalog {
  return {
    permissions: [...declared('permissions')].map(([key, { personScoped }]) => ({
      key,
      person_scoped: personScoped === true,
    })),
    roles: Object.entries(PRESETS).flatMap(([preset, roles]) =>
      Object.keys(roles).map((role) => ({
        preset,
        role,
        is_owner_role: OWNER_ROLES[preset as Preset] === role,
        portal: isPortalRole(role),
      })),
    ),
    defaults: [...declared('permissions')].flatMap(([permission, { scopes }]) =>
      Object.entries(scopes).flatMap(([scope, roles]) => roles.map((role) => ({ role, permission, scope }))),
    ),
    floors: [...declared('retention')].map(([policy, { table: about, floorDays: days }]) => ({ policy, about, days })),
    policies: rowPolicies(),
  };
}

/** Returns the SHA-256 of the catalog. A database with another digest belongs to another version of the code. */
export function accessRulesDigest(): string {
  const sorted = Object.entries(catalog()).map(([section, entries]) => [
    section,
    (entries as object[]).map((entry) => JSON.stringify(entry)).toSorted(),
  ]);
  return createHash('sha256').update(JSON.stringify(sorted)).digest('hex');
}

/**
 * Updates the database to the code, as the owner and in one transaction. It writes the functions of the SQL files, then
 * permissions, roles, defaults, retention floors, and row policies from the declarations, then both digests. Changes
 * nothing when both digests are current, because creating a policy locks its table.
 */
export async function syncAccessRules(query: Query, functions: readonly SqlFile[] = functionFiles()): Promise<void> {
  const [known] = await query<{ digest: string }>('SELECT digest FROM app_private.catalog');
  const sameFunctions = (await storedFunctionDigest(query)) === digestOf(functions);
  if (sameFunctions && known?.digest === accessRulesDigest()) return;
  await inTransaction(query, async () => {
    if (!sameFunctions) await replaceFunctions(query, functions);
    await writeCatalog(query);
  });
}

async function writeCatalog(query: Query): Promise<void> {
  const { policies, ...rest } = catalog();
  await query('SELECT app_private.sync_access_rules($1)', [JSON.stringify(rest)]);
  await query('SELECT app_private.sync_retention_floors($1)', [JSON.stringify(rest.floors)]);
  for (const [table, { kind }] of declared('tables')) {
    if (kind === 'installation') continue;
    for (const command of ROW_COMMANDS) await query(`DROP POLICY IF EXISTS rows_${command} ON ${table}`);
  }
  for (const statement of policies.map(createPolicy)) await query(statement);
  await query(
    `INSERT INTO app_private.catalog (digest) VALUES ($1) ON CONFLICT (singleton) DO UPDATE
       SET digest = EXCLUDED.digest`,
    [accessRulesDigest()],
  );
}
