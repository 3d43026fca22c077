import type { RowCommand, RowRules, PermissionList } from '../feature/declarations.js';
import { declared } from '../feature/registry.js';

/** A restrictive policy of a table for one command, with the condition for a row. */
export interface RowPolicy {
  table: string;
  command: RowCommand;
  condition: string;
}

export const ROW_COMMANDS = ['select', 'insert', 'update', 'delete'] as const satisfies readonly RowCommand[];

/** Returns the row policies of all tenant tables. A command that every member can run has none. */
export function rowPolicies(): RowPolicy[] {
  return [...declared('tables')].flatMap(([table, declaration]) =>
    declaration.kind === 'installation'
      ? []
      : ROW_COMMANDS.map((command) => ({
          table,
          command,
          condition:
            table === 'outbox' && command === 'insert'
              ? jobCondition()
              : conditionOf(tenantColumn(table), declaration.rows, command),
        })).filter(({ condition }) => condition !== 'true'),
  );
}

/** Returns the condition for enqueueing jobs: a member's job is written to the outbox in the session of the member. */
function jobCondition(): string {
  // Sorted, because each entry point imports the features in another order and the digest must not depend on it.
  const cases = [...declared('jobs')]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([job, { enqueuePermissions }]) =>
      enqueuePermissions === undefined
        ? []
        : [`WHEN '${job}' THEN (SELECT app.org_if_any_scope(${literals(enqueuePermissions)}))`],
    );
  const byJob = cases.length === 0 ? 'NULL' : `CASE job ${cases.join(' ')} END`;
  return `org_id = CASE WHEN org_id = (SELECT app.org_if_system()) THEN org_id ELSE ${byJob} END`;
}

/** Returns the CREATE POLICY statement. */
export function createPolicy({ table, command, condition }: RowPolicy): string {
  const using = command === 'insert' ? '' : ` USING (${condition})`;
  const check = command === 'insert' || command === 'update' ? ` WITH CHECK (${condition})` : '';
  const to = `AS RESTRICTIVE FOR ${command.toUpperCase()} TO vouchsafe_app`;
  return `CREATE POLICY rows_${command} ON ${table} ${to}${using}${check}`;
}

/** Returns the permissions of a rule as a list; empty for a command that is not declared. */
export function named(list: PermissionList | undefined): readonly string[] {
  if (list === undefined) return [];
  return typeof list === 'string' ? [list] : list;
}

export function isPersonScoped(permission: string): boolean {
  return declared('permissions').get(permission)?.personScoped === true;
}

/** The rule of one command. A member needs to meet only one of its parts. */
export interface Rule {
  /** True if every member of the organization can run the command. */
  everyMember: boolean;
  /** Person-scoped permissions on a row with a person. The widest scope among them applies. */
  about: readonly string[];
  /** Permissions that require the scope org. */
  other: readonly string[];
  /** True if the membership that owns the row needs no permission. */
  own: boolean;
}

/** Returns the rule of a table for a command. Row policies and access explanations use it. */
export function ruleOf({ person, own, ...rules }: RowRules, command: RowCommand): Rule {
  const permissions = named(rules[command]);
  const isAbout = (permission: string) => person !== undefined && isPersonScoped(permission);
  const everyMember = permissions.includes('signed-in');
  return {
    everyMember,
    own: own?.commands.includes(command) ?? false,
    about: everyMember ? [] : permissions.filter(isAbout),
    other: everyMember ? [] : permissions.filter((permission) => !isAbout(permission)),
  };
}

const CLOSED: Rule = { everyMember: false, about: [], other: [], own: false };

/** Returns the rule for reading one row. If rows name their permission, only that permission allows access. */
export function ruleOfRow(rules: RowRules, rowPermission: string | null): Rule {
  if (rules.permission === undefined) return ruleOf(rules, 'select');
  return rowPermission !== null && named(rules.select).includes(rowPermission)
    ? ruleOf({ ...rules, select: rowPermission }, 'select')
    : CLOSED;
}

/** Returns the column with the organization of a row. */
export function tenantColumn(table: string): string {
  return table === 'organizations' ? 'id' : 'org_id';
}

/**
 * Returns the condition of a policy.
 * Every function result is compared with the organization of the row. Otherwise, a statement that enters another
 * organization halfway would decide on rows of one organization with permissions of another.
 * The parts are nested CASE expressions: with OR, the planner expects almost no rows and then sorts whole tables.
 * Functions are in sub-selects, so that each runs once per statement.
 */
function conditionOf(org: string, { permission, ...rules }: RowRules, command: RowCommand): string {
  if (permission === undefined || command !== 'select') return conditionBy(org, rules, command);
  const cases = named(rules.select).map(
    (one) => `WHEN '${one}' THEN ${conditionBy(org, { ...rules, select: one }, command)}`,
  );
  return `CASE ${permission} ${cases.join(' ')} ELSE ${org} = (SELECT app.org_if_system()) END`;
}

function conditionBy(org: string, rules: RowRules, command: RowCommand): string {
  const { everyMember, about, other, own } = ruleOf(rules, command);
  if (everyMember) return 'true';
  let condition =
    about.length === 0
      ? 'false'
      : `CASE WHEN ${org} = (SELECT app.org_if_unscoped(${literals(about)})) THEN true
    ELSE (${org}, ${rules.person}) IN (SELECT r.org, r.person FROM app.people_in_scope(${literals(about)}) r) END`;
  if (other.length > 0) condition = either(`${org} = (SELECT app.org_if_permitted(${literals(other)}))`, condition);
  if (about.length + other.length === 0) condition = `${org} = (SELECT app.org_if_system())`;
  if (own)
    condition = either(
      `(${org}, ${rules.own!.column}) = (SELECT m.org, m.membership FROM app.interactive_membership() m)`,
      condition,
    );
  return condition;
}

function either(first: string, second: string): string {
  return second === 'false' ? first : `CASE WHEN ${first} THEN true ELSE ${second} END`;
}

function literals(permissions: readonly string[]): string {
  return permissions.map((permission) => `'${permission}'`).join(', ');
}
