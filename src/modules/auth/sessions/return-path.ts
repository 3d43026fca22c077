import { Problem } from '../../../platform/problem/index.js';

const MAX_LENGTH = 1024;

/**
 * A path on this host to go to after signing in, from what the address line says; `/` when it says nothing.
 * Browsers read `//host`, `/\host` and paths with tabs or line breaks in them as other hosts: refused.
 */
export function returnPath(value: unknown): string {
  if (value === undefined) return '/';
  ensure(typeof value === 'string' && value.length <= MAX_LENGTH);
  ensure(/^\/(?![/\\])[\x21-\x7e]*$/.test(value) && !value.includes('\\'));
  const here = 'http://here.invalid';
  const url = URL.parse(value, here);
  ensure(url?.origin === here && !url.pathname.startsWith('//'));
  return url.pathname + url.search + url.hash;
}

function ensure(condition: boolean): asserts condition {
  if (!condition) throw new Problem('invalid_request', { detail: 'returnTo must be a path on this host.' });
}
