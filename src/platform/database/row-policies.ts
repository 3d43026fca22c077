import type { RowCommand, RowRules, Who } from '../feature/define-feature.js';
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
  return [...declared('tables')].flatMap(([table, declaration]) => (declaration.kind === 'installation' ? []
    : ROW_COMMANDS.map((command) => ({ table, command, condition: conditionOf(declaration.rows, command) })).filter(({ condition }) => condition !== 'true')));
}

/** The statement that makes a policy. */
export function createPolicy({ table, command, condition }: RowPolicy): string {
  const using = command === 'insert' ? '' : ` USING (${condition})`;
  const check = command === 'insert' || command === 'update' ? ` WITH CHECK (${condition})` : '';
  return `CREATE POLICY rows_${command} ON ${table} AS RESTRICTIVE FOR ${command.toUpperCase()} TO vouchsafe_app${using}${check}`;
}

/** Who is named, as a list; empty when the command is closed. */
export function named(who: Who | undefined): readonly string[] {
  if (who === undefined) return [];
  return typeof who === 'string' ? [who] : who;
}

export function isOfPeople(permission: string): boolean {
  return declared('permissions').get(permission)?.ofPeople === true;
}

/**
 * One decision after the other by CASE: because of alternatives joined by OR the planner expects next to no row, and then
 * sorts whole tables. Functions stand in sub-selects, so that each is asked once a statement.
 */
function conditionOf({ permission, ...rules }: RowRules, command: RowCommand): string {
  if (permission === undefined || command !== 'select') return conditionBy(rules, command);
  const cases = named(rules.select).map((one) => `WHEN '${one}' THEN ${conditionBy({ ...rules, select: one }, command)}`);
  return `CASE ${permission} ${cases.join(' ')} ELSE (SELECT app.is_system()) END`;
}

function conditionBy({ person, own, ...rules }: RowRules, command: RowCommand): string {
  const permissions = named(rules[command]);
  if (permissions.includes('signed-in')) return 'true';
  const about = person === undefined ? [] : permissions.filter(isOfPeople);
  const other = permissions.filter((permission) => !about.includes(permission));
  let condition = about.length === 0 ? 'false' : `CASE (SELECT app.scope(${literals(about)})) WHEN 'org' THEN true
    WHEN 'assigned' THEN ${person} = ANY ((SELECT app.assigned_people())::uuid[]) WHEN 'own' THEN ${person} = (SELECT app.own_person_id()) ELSE false END`;
  if (other.length > 0) condition = either(`(SELECT app.holds(${literals(other)}))`, condition);
  if (permissions.length === 0) condition = '(SELECT app.is_system())';
  if (own?.may.includes(command)) condition = either(`${own.column} = (SELECT app.membership_in_person())`, condition);
  return condition;
}

function either(first: string, second: string): string {
  return second === 'false' ? first : `CASE WHEN ${first} THEN true ELSE ${second} END`;
}

function literals(permissions: readonly string[]): string {
  return permissions.map((permission) => `'${permission}'`).join(', ');
}
