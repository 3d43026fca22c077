import { ENTERPRISE_SCHEMA } from './scim-attributes.js';
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
/** Of `enterprise.manager.value`. */
const MAX_DEPTH = 3;
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

/**
 * Selects the returned attributes of a resource (RFC 7644 section 3.9). Names are lower-case, without the core schema.
 * The extension is the attribute `enterprise`.
 */
export class Projection {
  private readonly requested: ReadonlySet<string> | null;
  /** The requested paths, and the paths that contain them. */
  private readonly included: ReadonlySet<string>;
  private readonly excluded: ReadonlySet<string>;

  constructor({ attributes, excludedAttributes }: Record<string, string | undefined>) {
    this.requested = attributes === undefined || attributes === '' ? null : names(attributes);
    this.included = new Set([...(this.requested ?? [])].flatMap(withAncestors));
    this.excluded = this.requested === null ? names(excludedAttributes ?? '') : new Set();
  }

  /** Returns whether the client requests an attribute or a part of it. Callers skip expensive queries for others. */
  includes(path: string): boolean {
    const name = path.toLowerCase();
    if (this.excluded.has(name)) return ALWAYS_RETURNED.has(name);
    return this.requested === null || ALWAYS_RETURNED.has(name) || this.included.has(name);
  }

  of(resource: Json): Json {
    if (this.requested === null && this.excluded.size === 0) return resource;
    return this.select(resource, '') as Json;
  }

  /** Returns the requested parts of a value at a path. */
  private select(value: unknown, path: string): unknown {
    if (Array.isArray(value)) return value.map((one: unknown) => this.select(one, path));
    if (typeof value !== 'object' || value === null || value instanceof Date) return value;
    return Object.fromEntries(
      Object.entries(value).flatMap(([name, one]) => {
        const inner = `${path === '' ? '' : `${path}.`}${name.toLowerCase()}`;
        if (!this.includes(inner)) return [];
        return [[name, this.requested?.has(inner) === true ? one : this.select(one, inner)]];
      }),
    );
  }
}

/** Returns whether a query says which attributes the response contains. */
export function selectsAttributes({ attributes, excludedAttributes }: Record<string, string | undefined>): boolean {
  return attributes !== undefined || excludedAttributes !== undefined;
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

const CORE = /^urn:ietf:params:scim:schemas:core:2\.0:(?:user|group):/;
const EXTENSION = ENTERPRISE_SCHEMA.toLowerCase();

/** A condition such as `emails[type eq "work"]` selects no entries, because the attribute notation has none. */
function names(list: string): ReadonlySet<string> {
  return new Set(
    list
      .replaceAll(/\[[^\]]*\]/g, '')
      .split(',')
      .map((name) => nameOf(name.trim().toLowerCase()))
      .filter((name) => name !== ''),
  );
}

function withAncestors(path: string): string[] {
  const parts = path.split('.', MAX_DEPTH);
  return parts.map((_, index) => parts.slice(0, index + 1).join('.'));
}

function nameOf(path: string): string {
  if (path === EXTENSION) return 'enterprise';
  if (path.startsWith(`${EXTENSION}:`)) return `enterprise.${path.slice(EXTENSION.length + 1)}`;
  return path.replace(CORE, '').replace(/\.\$ref$/, '.ref');
}
