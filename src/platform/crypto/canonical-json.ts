/**
 * Returns the canonical JSON (RFC 8785) of plain data. Keys are in the order of their UTF-16 code units, there is no
 * white space, and numbers and strings are as in ECMAScript. Omits undefined properties. Throws a TypeError for values
 * that JSON cannot represent: other undefined values, NaN, infinities, lone surrogates, dates, buffers, functions.
 * Different values must never have equal texts.
 */
export function canonicalJson(value: unknown): string {
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'number' && Number.isFinite(value)) return JSON.stringify(value);
  if (typeof value === 'string') return canonicalString(value);
  if (Array.isArray(value)) return `[${Array.from(value, canonicalJson).join(',')}]`;
  if (typeof value === 'object' && isPlain(value)) return canonicalObject(value);
  throw new TypeError(
    `not canonical JSON data: ${typeof value === 'object' ? 'an object of a class' : `a ${typeof value}`}`,
  );
}

function canonicalObject(value: object): string {
  const entries = Object.entries(value)
    .filter(([, item]) => item !== undefined)
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, item]) => `${canonicalString(key)}:${canonicalJson(item)}`).join(',')}}`;
}

function canonicalString(value: string): string {
  if (!value.isWellFormed()) throw new TypeError('not canonical JSON data: a string with a lone surrogate');
  return JSON.stringify(value);
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
