import type { ScimPatchOperation } from 'scim-patch';
import { parse, type Filter } from 'scim2-parse-filter';
import { Problem } from '../../../platform/problem/index.js';
import { declaredIn, type UserAttribute } from './scim-attributes.js';
import { complexOf, entriesOf } from './scim-attribute-values.js';
import type { Operation } from './scim-operations.js';
import { booleanOf, listOf } from './scim-values.js';

/** An operation on the entries of a list that match a filter, or on a part of them. */
export interface EntryOperation {
  readonly op: Operation['op'];
  /** The name of the list. */
  readonly list: string;
  readonly filter: Filter;
  readonly part: string | undefined;
  readonly value: unknown;
}

const PATH = /^((?:urn:.+:)?[^[.:]+)(?:\[(.*)\])?(?:\.(.+))?$/;

/**
 * Returns an operation whose path, filter, and value name declared parts only, and whose list has few entries. The
 * patch library applies it, unless it has a filter: the library cannot split a path whose filter has the separators of
 * a path. Throws `scim_invalid_path`, `scim_invalid_syntax`, or `scim_invalid_value`.
 */
export function toSafeOperation(
  { op: asked, path, value: sent }: Operation,
  target: UserAttribute,
): ScimPatchOperation | EntryOperation {
  const [, name = '', condition, part] = PATH.exec(path) ?? [];
  if (part !== undefined && declaredIn(target.parts ?? [], part) === undefined) throw new Problem('scim_invalid_path');
  // RFC 7643 section 2.5: null is the same as no value
  const op = asked === 'replace' && (sent ?? null) === null ? 'remove' : asked;
  if (condition !== undefined) {
    if (!target.multiValued) throw new Problem('scim_invalid_path');
    const value = part === undefined ? valueOf(target, sent, true) : sent;
    return { op, list: name, filter: declaredFilter(parsed(condition), target), part, value };
  }
  // The library would set a property of the list, which no reader sees.
  if (target.multiValued && part !== undefined)
    throw new Problem('scim_invalid_path', { detail: 'Select an entry of the list by a filter.' });
  // RFC 7644 section 3.5.2.2 defines no value here; a list alone selects its entries by value, as directories send them
  if (op === 'remove' && (!target.multiValued || op !== asked)) return { op, path };
  return { op, path, value: part === undefined ? valueOf(target, sent, false) : sent } as ScimPatchOperation;
}

/** Returns the value of an attribute, or of one entry, in the declared form. */
function valueOf(target: UserAttribute, value: unknown, isEntry: boolean): unknown {
  for (const one of listOf(value)) {
    // the library would read such a name as a path
    if (typeof one === 'object' && one !== null && Object.keys(one).some((key) => !/^\$?\w+$/.test(key)))
      throw new Problem('scim_invalid_path');
  }
  if (target.parts === undefined || value === undefined) return value;
  if (!target.multiValued || isEntry) return complexOf(target, value);
  return entriesOf(value, target.name).map((one) => complexOf(target, one));
}

function parsed(condition: string): Filter {
  try {
    return parse(condition);
  } catch {
    throw new Problem('scim_invalid_path');
  }
}

/** Returns a filter with declared parts. Its booleans are no text: Microsoft Entra ID sends `primary eq "True"`. */
function declaredFilter(filter: Filter, target: UserAttribute): Filter {
  if ('filters' in filter) return { ...filter, filters: filter.filters.map((one) => declaredFilter(one, target)) };
  if ('filter' in filter) return { ...filter, filter: declaredFilter(filter.filter, target) };
  const declared = declaredIn(target.parts ?? [], filter.attrPath);
  if (declared === undefined || 'valFilter' in filter) throw new Problem('scim_invalid_path');
  if (declared.type !== 'boolean' || filter.op === 'pr') return { ...filter, attrPath: declared.name };
  return { ...filter, attrPath: declared.name, compValue: booleanOf(filter.compValue, declared.name) ?? null };
}
