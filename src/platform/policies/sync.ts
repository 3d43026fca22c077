import { createHash } from 'node:crypto';
import { isPortalRole, OWNER_ROLES, PRESETS, type Preset } from '../feature/roles.js';
import { declared } from '../feature/registry.js';
import { createPolicy, ROW_COMMANDS, rowPolicies, type RowPolicy } from './row-policies.js';
import { replaceFunctions, storedFunctionDigest } from '../database/function-sync.js';
import { inTransaction, type Query } from '../database/migrations.js';
import { digestOf, functionFiles, type SqlFile } from '../database/sql-files.js';

/** What the database has to know of the declarations. */
export interface Catalog {
  permissions: { key: string; person_scoped: boolean }[];
  roles: { preset: string; role: string; is_owner_role: boolean; portal: boolean }[];
  defaults: { role: string; permission: string; scope: string }[];
  /** The least that retention policies may keep, and the table each is about. */
  floors: { policy: string; about: string; days: number }[];
  policies: RowPolicy[];
}

/** The declarations of the running code, as the database keeps them. */
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

/** SHA-256 of the catalog: a database that carries another one belongs to other code. */
export function accessRulesDigest(): string {
  const sorted = Object.entries(catalog()).map(([section, entries]) => [
    section,
    (entries as object[]).map((entry) => JSON.stringify(entry)).toSorted(),
  ]);
  return createHash('sha256').update(JSON.stringify(sorted)).digest('hex');
}

/**
 * Brings the database in line with the code, as the owner and in one transaction: the functions of the SQL files, then
 * permissions, roles, defaults, retention floors, and row policies from the declarations, then both digests. Changes
 * nothing when the database has both digests already, because creating a policy locks its table for a moment.
 */
export async function syncAccessRules(query: Query, functions: readonly SqlFile[] = functionFiles()): Promise<void> {
  const [known] = await query<{ digest: string }>('SELECT digest FROM app_private.catalog');
  const sameFunctions = (await storedFunctionDigest(query)) === digestOf(functions);
  if (sameFunctions && known?.digest === accessRulesDigest()) return;
  await inTransaction(query, async () => {
    if (!sameFunctions) await replaceFunctions(query, functions);
    await writeCatalogue(query);
  });
}

async function writeCatalogue(query: Query): Promise<void> {
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
