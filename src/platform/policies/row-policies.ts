import type { RowCommand, RowRules, PermissionList } from '../feature/declarations.js';
import { declared } from '../feature/registry.js';

/** A restrictive policy of a table for one command: the condition that a row has to meet. */
export interface RowPolicy {
  table: string;
  command: RowCommand;
  condition: string;
}

export const ROW_COMMANDS = ['select', 'insert', 'update', 'delete'] as const satisfies readonly RowCommand[];

/** The policies that follow from the rules of all tenant tables. A command open to every member needs none. */
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

/** Who may have which job done: what a member asks for is written to the outbox in the member's session. */
function jobCondition(): string {
  const cases = [...declared('jobs')].flatMap(([job, { enqueuePermissions }]) =>
    enqueuePermissions === undefined
      ? []
      : [`WHEN '${job}' THEN (SELECT app.org_if_any_scope(${literals(enqueuePermissions)}))`],
  );
  const byJob = cases.length === 0 ? 'NULL' : `CASE job ${cases.join(' ')} END`;
  return `org_id = CASE WHEN org_id = (SELECT app.org_if_system()) THEN org_id ELSE ${byJob} END`;
}

/** The statement that makes a policy. */
export function createPolicy({ table, command, condition }: RowPolicy): string {
  const using = command === 'insert' ? '' : ` USING (${condition})`;
  const check = command === 'insert' || command === 'update' ? ` WITH CHECK (${condition})` : '';
  const to = `AS RESTRICTIVE FOR ${command.toUpperCase()} TO vouchsafe_app`;
  return `CREATE POLICY rows_${command} ON ${table} ${to}${using}${check}`;
}

/** Who is named, as a list; empty when the command is closed. */
export function named(who: PermissionList | undefined): readonly string[] {
  if (who === undefined) return [];
  return typeof who === 'string' ? [who] : who;
}

export function isOfPeople(permission: string): boolean {
  return declared('permissions').get(permission)?.personScoped === true;
}

/** The rule of one command, taken apart: any one of its parts suffices. */
export interface Rule {
  /** Every member of the organization. */
  everybody: boolean;
  /**
   * Permissions that are about people, on a row that hangs on a person: they reach as far as the widest scope among
   * them.
   */
  about: readonly string[];
  /** Permissions held for the whole organization, or not at all. */
  other: readonly string[];
  /** Whether the row's own member passes without any permission. */
  own: boolean;
}

/** The rule that a table's declaration has for a command. Policies are made of it, and decisions explained from it. */
export function ruleOf({ person, own, ...rules }: RowRules, command: RowCommand): Rule {
  const permissions = named(rules[command]);
  const isAbout = (permission: string) => person !== undefined && isOfPeople(permission);
  const everybody = permissions.includes('signed-in');
  return {
    everybody,
    own: own?.commands.includes(command) ?? false,
    about: everybody ? [] : permissions.filter(isAbout),
    other: everybody ? [] : permissions.filter((permission) => !isAbout(permission)),
  };
}

const CLOSED: Rule = { everybody: false, about: [], other: [], own: false };

/** The rule for reading one row: where rows say themselves which permission opens them, by that one alone. */
export function ruleOfRow(rules: RowRules, opens: string | null): Rule {
  if (rules.permission === undefined) return ruleOf(rules, 'select');
  return opens !== null && named(rules.select).includes(opens) ? ruleOf({ ...rules, select: opens }, 'select') : CLOSED;
}

/** The column that names a row's organization. */
export function tenantColumn(table: string): string {
  return table === 'organizations' ? 'id' : 'org_id';
}

/**
 * Every decision is compared with the row's organization: SQL that calls another entrance in the middle of a statement
 * would
 * otherwise have the rows of one organization decided on by what the caller is in another.
 * One decision after the other by CASE: because of alternatives joined by OR the planner expects next to no row, and
 * then
 * sorts whole tables. Functions stand in sub-selects, so that each is asked once a statement.
 */
function conditionOf(org: string, { permission, ...rules }: RowRules, command: RowCommand): string {
  if (permission === undefined || command !== 'select') return conditionBy(org, rules, command);
  const cases = named(rules.select).map(
    (one) => `WHEN '${one}' THEN ${conditionBy(org, { ...rules, select: one }, command)}`,
  );
  return `CASE ${permission} ${cases.join(' ')} ELSE ${org} = (SELECT app.org_if_system()) END`;
}

function conditionBy(org: string, rules: RowRules, command: RowCommand): string {
  const { everybody, about, other, own } = ruleOf(rules, command);
  if (everybody) return 'true';
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
