import { ensurer, Problem, type Ensure } from '../../../platform/problem/index.js';

const MAX_LENGTH = 1024;

const ensure: Ensure<[]> = ensurer(
  () => new Problem('invalid_request', { detail: 'returnTo must be a path on this host.' }),
);

/**
 * Returns the path on this host to open after sign-in; `/` when the value is undefined. Browsers read `//host`,
 * `/\host`, and paths with tabs or line breaks as other hosts. For these, throws `invalid_request`.
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
