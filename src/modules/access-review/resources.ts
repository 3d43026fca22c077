import { named, ROW_COMMANDS } from '../../platform/policies/row-policies.js';
import type { RowRules } from '../../platform/feature/declarations.js';
import { declared, type ResourceType } from '../../platform/feature/registry.js';
import { Problem } from '../../platform/problem/index.js';

/** A resource type: a table, as its feature declares it. */
export interface Resource {
  name: ResourceType;
  table: string;
  rows: RowRules;
}

/** Returns every resource type from the declarations. */
export function resources(): Resource[] {
  return [...declared('tables')].flatMap(([table, declaration]) =>
    declaration.kind === 'tenant' && declaration.resource !== undefined
      ? [{ name: declaration.resource as ResourceType, table, rows: declaration.rows }]
      : [],
  );
}

/** Throws unknown_resource_type. */
export function resourceNamed(name: string): Resource {
  const found = resources().find((resource) => resource.name === name);
  if (found === undefined) throw new Problem('unknown_resource_type');
  return found;
}

/**
 * Throws unknown_permission, or permission_not_applicable when the permission does not apply to the resource type. A
 * permission applies when a row rule names it, when its prefix is the type, or when it is person-scoped and the
 * resource is a person. A permission that only inserts does not apply to an existing resource.
 */
export function assertConcerns({ name, rows }: Resource, permission: string, existing: boolean): void {
  const declaration = declared('permissions').get(permission);
  if (declaration === undefined) throw new Problem('unknown_permission');
  const commands = ROW_COMMANDS.filter((command) => named(rows[command]).includes(permission));
  const adds = commands.length > 0 && commands.every((command) => command === 'insert');
  const concerns =
    commands.length > 0 ||
    permission.startsWith(`${name}:`) ||
    (rows.person === 'id' && declaration.personScoped === true);
  if (!concerns || (existing && adds)) throw new Problem('permission_not_applicable');
}
