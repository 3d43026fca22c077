import { createHash } from 'node:crypto';
import { isPortalRole, OWNER_ROLES, PRESETS, type Preset } from '../feature/roles.js';
import { declared } from '../feature/registry.js';
import { createPolicy, ROW_COMMANDS, rowPolicies, type RowPolicy } from './row-policies.js';

/** What the database has to know of the declarations. */
export interface Catalogue {
  permissions: { key: string; of_people: boolean }[];
  roles: { preset: string; role: string; leads: boolean; portal: boolean }[];
  defaults: { role: string; permission: string; scope: string }[];
  /** The least that retention policies may keep, and the table each is about. */
  floors: { policy: string; about: string; days: number }[];
  policies: RowPolicy[];
}

/** The declarations of the running code, as the database keeps them. */
export function catalogue(): Catalogue {
  return {
    permissions: [...declared('permissions')].map(([key, { ofPeople }]) => ({ key, of_people: ofPeople === true })),
    roles: Object.entries(PRESETS).flatMap(([preset, roles]) =>
      Object.keys(roles).map((role) => ({
        preset,
        role,
        leads: OWNER_ROLES[preset as Preset] === role,
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

/** SHA-256 of the catalogue: a database that carries another one belongs to other code. */
export function catalogueDigest(): string {
  const sorted = Object.entries(catalogue()).map(([section, entries]) => [
    section,
    (entries as object[]).map((entry) => JSON.stringify(entry)).toSorted(),
  ]);
  return createHash('sha256').update(JSON.stringify(sorted)).digest('hex');
}

/**
 * Brings the database in line with the declarations, through a connection of the owner's: permissions, roles and
 * defaults,
 * floors of retention, row policies, and then the digest, in one transaction. Does nothing when the digest is there
 * already, because making a policy
 * keeps everybody else off its table for a moment.
 */
export async function syncCatalogue(query: (text: string, values?: unknown[]) => Promise<unknown>): Promise<void> {
  const digest = catalogueDigest();
  const known = (await query('SELECT app.catalogue_digest() AS digest')) as { digest: string | null }[];
  if (known[0]?.digest === digest) return;
  const { policies, ...rest } = catalogue();
  await query('BEGIN');
  await query('SELECT app_private.sync_catalogue($1)', [JSON.stringify(rest)]);
  await query('SELECT app_private.sync_retention_floors($1)', [JSON.stringify(rest.floors)]);
  for (const [table, { kind }] of declared('tables')) {
    if (kind === 'installation') continue;
    for (const command of ROW_COMMANDS) await query(`DROP POLICY IF EXISTS rows_${command} ON ${table}`);
  }
  for (const statement of policies.map(createPolicy)) await query(statement);
  await query(
    `INSERT INTO app_private.catalogue (digest) VALUES ($1) ON CONFLICT (singleton) DO UPDATE
       SET digest = EXCLUDED.digest`,
    [digest],
  );
  await query('COMMIT');
}
