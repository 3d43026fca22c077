import { Problem } from '../../../platform/problem/index.js';
import type { Json } from './scim-values.js';

/** The requested part of a list: the query skips `offset` rows and returns `count` rows. */
export interface ScimPage {
  offset: number;
  count: number;
}

export const MAX_RESULTS = 200;
const DEFAULT_RESULTS = 100;
const INTEGER = /^-?\d{1,9}$/;
const ALWAYS_RETURNED = new Set(['schemas', 'id']);

/**
 * Parses the paging parameters (RFC 7644 section 3.4.2.4). `startIndex` starts at 1; smaller values count as 1. A
 * negative `count` counts as 0. Throws `scim_invalid_value`.
 */
export function readPage({ startIndex, count }: Record<string, string | undefined>): ScimPage {
  return {
    offset: Math.max(1, integerOf(startIndex, 1)) - 1,
    count: Math.min(MAX_RESULTS, Math.max(0, integerOf(count, DEFAULT_RESULTS))),
  };
}

/** Selects the returned attributes of a resource (RFC 7644 section 3.9). Names are lower-case, without the schema. */
export class Projection {
  private readonly requested: ReadonlySet<string> | null;
  private readonly excluded: ReadonlySet<string>;

  constructor({ attributes, excludedAttributes }: Record<string, string | undefined>) {
    this.requested = attributes === undefined || attributes === '' ? null : names(attributes);
    this.excluded = this.requested === null ? names(excludedAttributes ?? '') : new Set();
  }

  /** Returns whether the client requests an attribute or a part of it. Callers skip expensive queries for others. */
  includes(attribute: string): boolean {
    const name = attribute.toLowerCase();
    if (ALWAYS_RETURNED.has(name)) return true;
    return this.requested === null
      ? !this.excluded.has(name)
      : [...this.requested].some((one) => one === name || one.startsWith(`${name}.`));
  }

  of(resource: Json): Json {
    if (this.requested === null && this.excluded.size === 0) return resource;
    return Object.fromEntries(
      Object.entries(resource).flatMap(([name, value]) =>
        this.includes(name) ? [[name, this.parts(name.toLowerCase(), value)]] : [],
      ),
    );
  }

  private parts(name: string, value: unknown): unknown {
    if (Array.isArray(value)) return value.map((one: unknown) => this.parts(name, one));
    if (typeof value !== 'object' || value === null || this.requested?.has(name) === true) return value;
    return Object.fromEntries(
      Object.entries(value).filter(([part]) => {
        const path = `${name}.${part.toLowerCase()}`;
        return this.requested === null || ALWAYS_RETURNED.has(name)
          ? !this.excluded.has(path)
          : this.requested.has(path);
      }),
    );
  }
}

/** Returns the weak entity tag of a version (RFC 9110 section 8.8.3). */
export function entityTag(version: number): string {
  return `W/"${version}"`;
}

/**
 * Throws `scim_precondition_failed` when the resource no longer has the version of the `If-Match` header (RFC 9110
 * section 13.1.1, RFC 7644 section 3.14).
 */
export function assertVersion(version: number, ifMatch: string | undefined): void {
  if (ifMatch === undefined || ifMatch.trim() === '*') return;
  const tags = ifMatch.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  if (!tags.includes(`"${version}"`)) throw new Problem('scim_precondition_failed');
}

function integerOf(text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  if (!INTEGER.test(text))
    throw new Problem('scim_invalid_value', { detail: 'The parameters startIndex and count must be integers.' });
  return Number(text);
}

function names(list: string): ReadonlySet<string> {
  return new Set(
    list
      .split(',')
      .map((name) =>
        name
          .trim()
          .toLowerCase()
          .replace(/^urn:ietf:params:scim:schemas:core:2\.0:(?:user|group):/, ''),
      )
      .filter((name) => name !== ''),
  );
}
