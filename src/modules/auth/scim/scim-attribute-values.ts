import { isPlainText } from '../../../platform/http/one-line.js';
import { Problem } from '../../../platform/problem/index.js';
import { CORE_ATTRIBUTES, ENTERPRISE_ATTRIBUTES, ENTERPRISE_SCHEMA, type UserAttribute } from './scim-attributes.js';
import { attribute, booleanOf, listOf, objectOf, textOf, type Json } from './scim-values.js';

export const MAX_ENTRIES = 20;
const MAX_TEXT_LENGTH = 1_000;
/** Of all values together, as JSON. */
const MAX_BYTES = 16_384;

/**
 * Returns the values of a User that have no column, in the form of a User resource: attributes, the parts of the name,
 * and the Enterprise User extension. Omits missing and blank values. Throws `scim_invalid_syntax` or
 * `scim_invalid_value`.
 */
export function readAttributes(user: Json): Json {
  const extension = objectOf(attribute(user, ENTERPRISE_SCHEMA) ?? {}, 'The extension');
  const enterprise = readParts(ENTERPRISE_ATTRIBUTES, extension, '');
  const values = {
    ...readParts(CORE_ATTRIBUTES, user, ''),
    ...(!isEmpty(enterprise) && { [ENTERPRISE_SCHEMA]: enterprise }),
  };
  if (Buffer.byteLength(JSON.stringify(values)) > MAX_BYTES)
    throw new Problem('scim_invalid_value', {
      detail: `The attributes of a user can have at most ${MAX_BYTES} bytes.`,
    });
  return values;
}

/** Returns the list of a multi-valued attribute. Throws `scim_invalid_value` when it has too many entries. */
export function entriesOf(value: unknown, name: string): unknown[] {
  const entries = listOf(value);
  if (entries.length > MAX_ENTRIES)
    throw new Problem('scim_invalid_value', {
      detail: `The attribute ${name} can have at most ${MAX_ENTRIES} values.`,
    });
  return entries;
}

/**
 * Returns a complex value with its parts in the declared spelling, without other fields. Microsoft Entra ID sends a
 * manager as text or as a list of one, and roles as text; the text is the part `value`. Other values stay as they are.
 */
export function complexOf(declared: UserAttribute, value: unknown): unknown {
  const one: unknown = !declared.multiValued && Array.isArray(value) && value.length === 1 ? value[0] : value;
  const parts = declared.parts ?? [];
  if (typeof one === 'string' && parts.some(({ name }) => name === 'value')) return { value: one };
  if (typeof one !== 'object' || one === null || Array.isArray(one)) return one;
  return Object.fromEntries(
    parts.flatMap(({ name }) => {
      const found = attribute(one as Json, name);
      return found === undefined ? [] : [[name, found]];
    }),
  );
}

function readParts(declared: readonly UserAttribute[], object: Json, prefix: string): Json {
  return Object.fromEntries(
    declared.flatMap((one) => {
      const value = one.hasColumn ? undefined : readValue(one, attribute(object, one.name), `${prefix}${one.name}`);
      return value === undefined ? [] : [[one.name, value]];
    }),
  );
}

/** Returns the value in the form that is stored, or undefined when it is missing or blank. */
function readValue(declared: UserAttribute, value: unknown, name: string): unknown {
  if (value === undefined || value === null) return undefined;
  if (declared.multiValued) return readEntries(declared, value, name);
  if (declared.parts !== undefined) return readComplex(declared, value, name);
  if (declared.type === 'boolean') return booleanOf(value, name);
  return (declared.type === 'lines' ? linesOf(value, name) : textOf(value, name, MAX_TEXT_LENGTH)) ?? undefined;
}

function readComplex(declared: UserAttribute, value: unknown, name: string): Json | undefined {
  const found = readParts(declared.parts!, objectOf(complexOf(declared, value), `The attribute ${name}`), `${name}.`);
  return isEmpty(found) ? undefined : found;
}

/** Reads a list. The last primary entry stays primary, because RFC 7643 section 2.4 allows one at most. */
function readEntries(declared: UserAttribute, value: unknown, name: string): Json[] | undefined {
  const entries = entriesOf(value, name)
    .map((one) => readComplex(declared, one, name))
    .filter((one) => one !== undefined);
  const primary = entries.findLast((one) => one['primary'] === true);
  for (const one of entries) if (one !== primary && one['primary'] === true) delete one['primary'];
  return entries.length === 0 ? undefined : entries;
}

function linesOf(value: unknown, name: string): string | null {
  const text = typeof value === 'string' ? value.normalize('NFC').replaceAll('\r\n', '\n') : value;
  if (typeof text === 'string' && text.trim() === '') return null;
  if (!isPlainText(text) || [...text].length > MAX_TEXT_LENGTH)
    throw new Problem('scim_invalid_value', {
      detail: `The attribute ${name} must be visible text of at most ${MAX_TEXT_LENGTH} characters.`,
    });
  return text;
}

function isEmpty(object: Json): boolean {
  return Object.keys(object).length === 0;
}
