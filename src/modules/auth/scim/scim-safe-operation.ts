import type { ScimPatchOperation } from 'scim-patch';
import { parse, stringify, type Filter } from 'scim2-parse-filter';
import { Problem } from '../../../platform/problem/index.js';
import { declaredIn, type UserAttribute } from './scim-attributes.js';
import { complexOf, entriesOf } from './scim-attribute-values.js';
import type { Operation } from './scim-operations.js';
import { booleanOf, listOf } from './scim-values.js';

const PATH = /^((?:urn:.+:)?[^[.:]+)(?:\[(.*)\])?(?:\.(.+))?$/;

/**
 * Returns an operation that the patch library can apply: its path and its filter name declared parts only, a list has
 * few entries, and a value has only declared parts. The library would read other field names as paths. Throws
 * `scim_invalid_path`, `scim_invalid_syntax`, or `scim_invalid_value`.
 */
export function toSafeOperation({ op: asked, path, value }: Operation, target: UserAttribute): ScimPatchOperation {
  const [, name = '', condition, part] = PATH.exec(path) ?? [];
  if (part !== undefined && declaredIn(target.parts ?? [], part) === undefined) throw new Problem('scim_invalid_path');
  // The library would set a property of the list, which no reader sees.
  if (target.multiValued && part !== undefined && condition === undefined)
    throw new Problem('scim_invalid_path', { detail: 'Select an entry of the list by a filter.' });
  const filter = condition === undefined ? '' : `[${safeCondition(condition, target)}]`;
  const safePath = `${name}${filter}${part === undefined ? '' : `.${part}`}`;
  // The library ignores an addition to entries that do not exist; it rejects the replacement of them.
  const op = asked === 'add' && condition !== undefined && part === undefined ? 'replace' : asked;
  // RFC 7643 section 2.5: null is the same as no value
  if (op === 'replace' && (value ?? null) === null) return { op: 'remove', path: safePath };
  // RFC 7644 section 3.5.2.2 defines no value here; a list alone selects its entries by value, as directories send them
  if (op === 'remove' && (!target.multiValued || condition !== undefined)) return { op, path: safePath };
  return { op, path: safePath, value: part === undefined ? valueOf(target, value, condition !== undefined) : value };
}

/** Returns the value of an attribute, or of one entry, in the declared form. */
function valueOf(target: UserAttribute, value: unknown, isEntry: boolean): unknown {
  for (const one of listOf(value)) {
    if (typeof one === 'object' && one !== null && Object.keys(one).some((key) => !/^\$?\w+$/.test(key)))
      throw new Problem('scim_invalid_path');
  }
  if (target.parts === undefined || value === undefined) return value;
  if (!target.multiValued || isEntry) return complexOf(target, value);
  return entriesOf(value, target.name).map((one) => complexOf(target, one));
}

/**
 * Returns a filter with declared parts only. Its booleans are no text, because Microsoft Entra ID sends
 * `primary eq "True"`. Its text has no separators of a path, because the library splits the path at them.
 */
function safeCondition(condition: string, target: UserAttribute): string {
  let filter: Filter;
  try {
    filter = parse(condition);
  } catch {
    throw new Problem('scim_invalid_path');
  }
  return stringify(declaredFilter(filter, target)).replaceAll(/"(?:[^"\\]|\\.)*"/g, (text) =>
    text.replaceAll(/[:.[\]]/g, (sign) => `\\u00${sign.charCodeAt(0).toString(16)}`),
  );
}

function declaredFilter(filter: Filter, target: UserAttribute): Filter {
  if ('filters' in filter) return { ...filter, filters: filter.filters.map((one) => declaredFilter(one, target)) };
  if ('filter' in filter) return { ...filter, filter: declaredFilter(filter.filter, target) };
  const declared = declaredIn(target.parts ?? [], filter.attrPath);
  if (declared === undefined || 'valFilter' in filter) throw new Problem('scim_invalid_path');
  if (declared.type !== 'boolean' || filter.op === 'pr') return { ...filter, attrPath: declared.name };
  return { ...filter, attrPath: declared.name, compValue: booleanOf(filter.compValue, declared.name) ?? null };
}
