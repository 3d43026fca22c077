import { parse, type AttrExp, type Compare, type Filter } from 'scim2-parse-filter';
import { normalizeEmail } from '../../../platform/crypto/index.js';
import { Problem } from '../../../platform/problem/index.js';
import type { Column, Filterable, Kind, MultiValued } from './scim-filter-columns.js';
import { isResourceId } from './scim-group.js';

/**
 * A filter as a SQL condition on rows `r`, with its parameters. `id` and `userName` are set when every match must have
 * this key, so that the query can use an index.
 */
export interface Condition {
  text: string;
  values: unknown[];
  id: string | null;
  userName: string | null;
}

/** Adds a parameter and returns its SQL. */
type Parameter = (value: unknown, type: string) => string;

const MAX_FILTER_LENGTH = 1_000;
const MAX_PARTS = 50;
const CORE = /^urn:ietf:params:scim:schemas:core:2\.0:(?:user|group):/;
const COMPARISONS: Readonly<Record<string, string>> = { gt: '>', ge: '>=', lt: '<', le: '<=' };

/**
 * Compiles a filter (RFC 7644 section 3.4.2.2) to a SQL condition. All values become parameters. Throws
 * `scim_invalid_filter`.
 */
export function compileFilter(text: string | undefined, attributes: Filterable, firstParameter: number): Condition {
  if (text === undefined) return { text: 'true', values: [], id: null, userName: null };
  const parsed = parsedFilter(text);
  const values: unknown[] = [];
  let parts = 0;
  const parameter: Parameter = (value, type) => {
    values.push(value);
    return `$${firstParameter + values.length - 1}::${type}`;
  };
  const compile = (filter: Filter, find: (path: string) => Column | MultiValued | undefined): string => {
    if ((parts += 1) > MAX_PARTS)
      throw new Problem('scim_invalid_filter', { detail: 'The filter has too many parts.' });
    if ('filters' in filter) return `(${filter.filters.map((one) => compile(one, find)).join(` ${filter.op} `)})`;
    if ('filter' in filter) return `(NOT ${compile(filter.filter, find)})`;
    if ('valFilter' in filter) return within(filter.attrPath, filter.valFilter);
    const found = find(filter.attrPath);
    if (found === undefined)
      throw new Problem('scim_invalid_filter', {
        detail: 'The filter contains an attribute that does not support filters.',
      });
    if ('within' in found) return found.within(ofValue(found, filter, parameter));
    return comparison(found, filter, parameter);
  };
  const within = (path: string, inner: Filter): string => {
    const many = attributes.get(localName(path));
    if (many !== undefined && 'within' in many)
      return many.within(compile(inner, (sub) => many.columns.get(sub.toLowerCase())));
    return compile(inner, (sub) => attributes.get(`${localName(path)}.${sub.toLowerCase()}`));
  };
  const whole = (path: string): Column | MultiValued | undefined =>
    attributes.get(localName(path)) ?? multiValuedPart(attributes, localName(path));
  return { text: compile(parsed, whole), values, ...keysOf(parsed) };
}

/**
 * Returns the SQL value by which `sortBy` sorts (RFC 7644 section 3.4.2.3). E-mail addresses sort by the used one. The
 * value is the id if the attribute is missing, unknown, or another one with several values.
 */
export function compileOrder(path: string | undefined, attributes: Filterable): string {
  const name = localName(path ?? 'id').replace(/^emails\.value$/, 'emails');
  const found = attributes.get(name);
  if (found === undefined || name === 'id') return 'r.id';
  if ('within' in found) return name === 'emails' ? 'r.email' : 'r.id';
  return found.kind === 'text' ? `lower(${found.sql})` : found.sql;
}

/** Returns the condition on an entry's value. An attribute without a value, such as addresses, supports pr only. */
function ofValue({ columns }: MultiValued, filter: AttrExp, parameter: Parameter): string {
  const value = columns.get('value');
  if (value !== undefined) return comparison(value, filter, parameter);
  if (filter.op === 'pr') return 'true';
  throw new Problem('scim_invalid_filter', { detail: 'The filter must name a part of the attribute.' });
}

/** Returns the source of a path such as `groups.value`, which compares the value of any group. */
function multiValuedPart(attributes: Filterable, path: string): MultiValued | undefined {
  const [name = '', part = ''] = path.split('.');
  const many = attributes.get(name);
  const found = many !== undefined && 'within' in many ? many.columns.get(part) : undefined;
  return found === undefined
    ? undefined
    : { within: (many as MultiValued).within, columns: new Map([['value', found]]) };
}

function parsedFilter(text: string): Filter {
  if (text.length > MAX_FILTER_LENGTH)
    throw new Problem('scim_invalid_filter', { detail: `A filter can have at most ${MAX_FILTER_LENGTH} characters.` });
  try {
    return parse(text);
  } catch {
    throw new Problem('scim_invalid_filter');
  }
}

function localName(path: string): string {
  return path.toLowerCase().replace(CORE, '');
}

/** Returns a comparison that is never null: a comparison with a null value is false. */
function comparison({ sql, kind }: Column, filter: AttrExp, parameter: Parameter): string {
  if (filter.op === 'pr') return `(${sql} IS NOT NULL)`;
  const { op, compValue } = filter;
  if (compValue === null) return nullComparison(sql, op);
  const value = valueOf(kind, compValue);
  const [left, right] =
    kind === 'text' || kind === 'email'
      ? [`lower(${sql})`, `lower(${parameter(value, 'text')})`]
      : [sql, parameter(value, TYPES[kind])];
  if (op === 'eq') return `(${left} IS NOT DISTINCT FROM ${right})`;
  if (op === 'ne') return `(${left} IS DISTINCT FROM ${right})`;
  if (kind === 'boolean') throw new Problem('scim_invalid_filter', { detail: 'Booleans support only eq and ne.' });
  if (COMPARISONS[op] !== undefined) return `((${left} ${COMPARISONS[op]} ${right}) IS TRUE)`;
  if (kind === 'instant') throw new Problem('scim_invalid_filter', { detail: 'Times do not support co, sw, and ew.' });
  if (op === 'co') return `((strpos(${left}, ${right}) > 0) IS TRUE)`;
  if (op === 'sw') return `(starts_with(${left}, ${right}) IS TRUE)`;
  return `((right(${left}, length(${right})) = ${right}) IS TRUE)`;
}

const TYPES: Readonly<Record<Kind, string>> = {
  text: 'text',
  email: 'text',
  exact: 'text',
  boolean: 'boolean',
  instant: 'timestamptz',
};

function nullComparison(sql: string, op: string): string {
  if (op === 'eq') return `(${sql} IS NULL)`;
  if (op === 'ne') return `(${sql} IS NOT NULL)`;
  throw new Problem('scim_invalid_filter', { detail: 'Null supports only eq and ne.' });
}

function valueOf(kind: Kind, value: string | number | boolean): unknown {
  if (kind === 'boolean') {
    const text = String(value).toLowerCase();
    if (text === 'true' || text === 'false') return text === 'true';
  } else if (typeof value === 'string') {
    if (kind === 'email') return normalizeEmail(value);
    if (kind !== 'instant') return value;
    const moment = new Date(value);
    const instant = /^\d{4}-/.test(value) && !Number.isNaN(moment.getTime()) ? moment.toISOString() : '';
    // Postgres has no year 0
    if (/^(?!0000)\d{4}-/.test(instant)) return instant;
  }
  throw new Problem('scim_invalid_filter', { detail: "A value in the filter does not have the attribute's type." });
}

/** Returns the id and the userName that every matching row must have. */
function keysOf(filter: Filter): Pick<Condition, 'id' | 'userName'> {
  const parts = 'filters' in filter ? (filter.op === 'and' ? filter.filters : []) : [filter];
  const equal = (name: string): string | null => {
    const found = parts.find((part): part is Compare => part.op === 'eq' && localName(part.attrPath) === name);
    return typeof found?.compValue === 'string' ? found.compValue : null;
  };
  const id = equal('id');
  return { id: id !== null && isResourceId(id) ? id : null, userName: equal('username') };
}
