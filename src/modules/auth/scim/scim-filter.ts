import { parse, type AttrExp, type Compare, type Filter } from 'scim2-parse-filter';
import { Problem } from '../../../platform/problem/index.js';
import { isResourceId } from './scim-group.js';

/** How values of an attribute are compared: text whose case counts or not, yes and no, moments. */
type Kind = 'text' | 'exact' | 'boolean' | 'instant';
type Column = { sql: string; kind: Kind };
/** An attribute of many values, each of them a row of another source. */
type Many = { within: (condition: string) => string; columns: ReadonlyMap<string, Column> };

/** What may stand in a filter, by names in small letters; the SQL speaks of the row as `r`. */
export type Filterable = ReadonlyMap<string, Column | Many>;

/**
 * A filter as a condition on rows `r`, its parameters from the given number on, and what of it finds a row by a key.
 */
export interface Condition {
  text: string;
  values: unknown[];
  id: string | null;
  userName: string | null;
}

const LONGEST = 1_000;
const MAX_PARTS = 50;
const CORE = /^urn:ietf:params:scim:schemas:core:2\.0:(?:user|group):/;
const COMPARISONS: Readonly<Record<string, string>> = { gt: '>', ge: '>=', lt: '<', le: '<=' };

const column = (sql: string, kind: Kind): Column => ({ sql, kind });
const COMMON: [string, Column][] = [
  ['id', column('r.id::text', 'exact')],
  ['externalid', column('r.external_id', 'exact')],
  ['displayname', column('r.display_name', 'text')],
  ['meta.created', column('r.created_at', 'instant')],
  ['meta.lastmodified', column('r.updated_at', 'instant')],
];

export const USER_FILTER: Filterable = new Map<string, Column | Many>([
  ...COMMON,
  ['username', column('r.user_name', 'text')],
  ['active', column('r.active', 'boolean')],
  ['name.givenname', column('r.given_name', 'text')],
  ['name.familyname', column('r.family_name', 'text')],
  ['emails', column('r.email', 'text')],
  ['emails.value', column('r.email', 'text')],
  ['emails.type', column('r.email_type', 'text')],
  ['emails.primary', column('true', 'boolean')],
  [
    'groups',
    {
      within: (condition) => `r.id IN (SELECT e.user_id FROM app.scim_group_members() e WHERE ${condition})`,
      columns: new Map([
        ['value', column('e.group_id::text', 'exact')],
        ['display', column('e.group_name', 'text')],
      ]),
    },
  ],
]);

export const GROUP_FILTER: Filterable = new Map<string, Column | Many>([
  ...COMMON,
  [
    'members',
    {
      within: (condition) => `r.id IN (SELECT e.group_id FROM app.scim_group_members() e WHERE ${condition})`,
      columns: new Map([
        ['value', column('e.user_id::text', 'exact')],
        ['display', column('e.user_display', 'text')],
      ]),
    },
  ],
]);

/** A filter (RFC 7644 section 3.4.2.2) as SQL whose values are all parameters. Throws scim_invalid_filter. */
export function compileFilter(text: string | undefined, attributes: Filterable, firstParameter: number): Condition {
  if (text === undefined) return { text: 'true', values: [], id: null, userName: null };
  const parsed = parsedFilter(text);
  const values: unknown[] = [];
  let parts = 0;
  const parameter = (value: unknown, type: string) => {
    values.push(value);
    return `$${firstParameter + values.length - 1}::${type}`;
  };
  const compile = (filter: Filter, find: (path: string) => Column | Many | undefined): string => {
    if ((parts += 1) > MAX_PARTS) throw new Problem('scim_invalid_filter', { detail: 'the filter has too many parts' });
    if ('filters' in filter) return `(${filter.filters.map((one) => compile(one, find)).join(` ${filter.op} `)})`;
    if ('filter' in filter) return `(NOT ${compile(filter.filter, find)})`;
    if ('valFilter' in filter) return within(filter.attrPath, filter.valFilter);
    const found = find(filter.attrPath);
    if (found === undefined)
      throw new Problem('scim_invalid_filter', { detail: 'the filter names an attribute that cannot be filtered by' });
    if ('within' in found) return found.within(comparison(found.columns.get('value')!, filter, parameter));
    return comparison(found, filter, parameter);
  };
  const within = (path: string, inner: Filter): string => {
    const many = attributes.get(named(path));
    if (many !== undefined && 'within' in many)
      return many.within(compile(inner, (sub) => many.columns.get(sub.toLowerCase())));
    return compile(inner, (sub) => attributes.get(`${named(path)}.${sub.toLowerCase()}`));
  };
  const whole = (path: string): Column | Many | undefined =>
    attributes.get(named(path)) ?? partOfMany(attributes, named(path));
  return { text: compile(parsed, whole), values, ...keysOf(parsed) };
}

/** `groups.value` is the value of one of the groups. */
function partOfMany(attributes: Filterable, path: string): Many | undefined {
  const [name = '', part = ''] = path.split('.');
  const many = attributes.get(name);
  const found = many !== undefined && 'within' in many ? many.columns.get(part) : undefined;
  return found === undefined ? undefined : { within: (many as Many).within, columns: new Map([['value', found]]) };
}

function parsedFilter(text: string): Filter {
  if (text.length > LONGEST)
    throw new Problem('scim_invalid_filter', { detail: `a filter has at most ${LONGEST} characters` });
  try {
    return parse(text);
  } catch {
    throw new Problem('scim_invalid_filter');
  }
}

function named(path: string): string {
  return path.toLowerCase().replace(CORE, '');
}

/** A row has to be one that the filter has for certain: null compares as no. */
function comparison(
  { sql, kind }: Column,
  filter: AttrExp,
  parameter: (value: unknown, type: string) => string,
): string {
  if (filter.op === 'pr') return `(${sql} IS NOT NULL)`;
  const { op, compValue } = filter;
  if (compValue === null) return nothing(sql, op);
  const value = valueOf(kind, compValue);
  const [left, right] =
    kind === 'text' ? [`lower(${sql})`, `lower(${parameter(value, 'text')})`] : [sql, parameter(value, TYPES[kind])];
  if (op === 'eq') return `(${left} IS NOT DISTINCT FROM ${right})`;
  if (op === 'ne') return `(${left} IS DISTINCT FROM ${right})`;
  if (kind === 'boolean') throw new Problem('scim_invalid_filter', { detail: 'yes and no are compared by eq and ne' });
  if (COMPARISONS[op] !== undefined) return `((${left} ${COMPARISONS[op]} ${right}) IS TRUE)`;
  if (kind === 'instant') throw new Problem('scim_invalid_filter', { detail: 'times have no parts' });
  if (op === 'co') return `((strpos(${left}, ${right}) > 0) IS TRUE)`;
  if (op === 'sw') return `(starts_with(${left}, ${right}) IS TRUE)`;
  return `((right(${left}, length(${right})) = ${right}) IS TRUE)`;
}

const TYPES: Readonly<Record<Kind, string>> = {
  text: 'text',
  exact: 'text',
  boolean: 'boolean',
  instant: 'timestamptz',
};

function nothing(sql: string, op: string): string {
  if (op === 'eq') return `(${sql} IS NULL)`;
  if (op === 'ne') return `(${sql} IS NOT NULL)`;
  throw new Problem('scim_invalid_filter', { detail: 'null is compared by eq and ne' });
}

function valueOf(kind: Kind, value: string | number | boolean): unknown {
  if (kind === 'boolean') {
    const said = String(value).toLowerCase();
    if (said === 'true' || said === 'false') return said === 'true';
  } else if (typeof value === 'string') {
    if (kind !== 'instant') return value;
    const moment = new Date(value);
    if (/^\d{4}-/.test(value) && !Number.isNaN(moment.getTime())) return moment.toISOString();
  }
  throw new Problem('scim_invalid_filter', { detail: "a value in the filter is not of the attribute's type" });
}

/** The id and userName that every row found must have. */
function keysOf(filter: Filter): Pick<Condition, 'id' | 'userName'> {
  const parts = 'filters' in filter ? (filter.op === 'and' ? filter.filters : []) : [filter];
  const equal = (name: string): string | null => {
    const found = parts.find((part): part is Compare => part.op === 'eq' && named(part.attrPath) === name);
    return typeof found?.compValue === 'string' ? found.compValue : null;
  };
  const id = equal('id');
  return { id: id !== null && isResourceId(id) ? id : null, userName: equal('username') };
}
