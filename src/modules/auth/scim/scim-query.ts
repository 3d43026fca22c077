import { Problem } from '../../../platform/problem/index.js';
import type { Json } from './scim-values.js';

/** What part of a list is asked for: `offset` rows are passed over, `count` are given. */
export interface ScimPage {
  offset: number;
  count: number;
}

export const MAX_RESULTS = 200;
const DEFAULT_RESULTS = 100;
const WHOLE = /^-?\d{1,9}$/;
const ALWAYS = new Set(['schemas', 'id']);

/**
 * Paging (RFC 7644 section 3.4.2.4): `startIndex` counts from 1, and less counts as 1; fewer than none counts as none.
 * Throws scim_invalid_value.
 */
export function readPage({ startIndex, count }: Record<string, string | undefined>): ScimPage {
  return {
    offset: Math.max(1, whole(startIndex, 1)) - 1,
    count: Math.min(MAX_RESULTS, Math.max(0, whole(count, DEFAULT_RESULTS))),
  };
}

/** Which attributes of a resource are given (RFC 7644 section 3.9). Names in small letters, without the schema's. */
export class Projection {
  private readonly asked: ReadonlySet<string> | null;
  private readonly excluded: ReadonlySet<string>;

  constructor({ attributes, excludedAttributes }: Record<string, string | undefined>) {
    this.asked = attributes === undefined || attributes === '' ? null : names(attributes);
    this.excluded = this.asked === null ? names(excludedAttributes ?? '') : new Set();
  }

  /** Whether anything of an attribute is wanted: what is costly to find is not looked for otherwise. */
  wants(attribute: string): boolean {
    const name = attribute.toLowerCase();
    if (ALWAYS.has(name)) return true;
    return this.asked === null
      ? !this.excluded.has(name)
      : [...this.asked].some((one) => one === name || one.startsWith(`${name}.`));
  }

  of(resource: Json): Json {
    if (this.asked === null && this.excluded.size === 0) return resource;
    return Object.fromEntries(
      Object.entries(resource).flatMap(([name, value]) =>
        this.wants(name) ? [[name, this.parts(name.toLowerCase(), value)]] : [],
      ),
    );
  }

  private parts(name: string, value: unknown): unknown {
    if (Array.isArray(value)) return value.map((one: unknown) => this.parts(name, one));
    if (typeof value !== 'object' || value === null || this.asked?.has(name) === true) return value;
    return Object.fromEntries(
      Object.entries(value).filter(([part]) => {
        const path = `${name}.${part.toLowerCase()}`;
        return this.asked === null || ALWAYS.has(name) ? !this.excluded.has(path) : this.asked.has(path);
      }),
    );
  }
}

/** The weak entity tag of a version (RFC 9110 section 8.8.3). */
export function entityTag(version: number): string {
  return `W/"${version}"`;
}

/**
 * Whether what is to be changed is what the caller has seen (RFC 9110 section 13.1.1, RFC 7644 section 3.14). Throws
 * scim_precondition_failed.
 */
export function assertVersion(version: number, ifMatch: string | undefined): void {
  if (ifMatch === undefined || ifMatch.trim() === '*') return;
  const tags = ifMatch.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  if (!tags.includes(`"${version}"`)) throw new Problem('scim_precondition_failed');
}

function whole(text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  if (!WHOLE.test(text)) throw new Problem('scim_invalid_value', { detail: 'startIndex and count are whole numbers' });
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
