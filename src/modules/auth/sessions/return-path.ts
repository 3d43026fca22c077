import { must } from '../sso/sso-refusal.js';

const MAX_LENGTH = 1024;

/**
 * A path on this host to go to after signing in, from what the address line says; `/` when it says nothing.
 * Browsers read `//host`, `/\host` and paths with tabs or line breaks in them as other hosts: refused.
 */
export function returnPath(value: unknown): string {
  if (value === undefined) return '/';
  must(typeof value === 'string' && value.length <= MAX_LENGTH, 'return_path_invalid');
  must(/^\/(?![/\\])[\x21-\x7e]*$/.test(value) && !value.includes('\\'), 'return_path_invalid');
  const here = 'http://here.invalid';
  const url = URL.parse(value, here);
  must(url?.origin === here && !url.pathname.startsWith('//'), 'return_path_invalid');
  return url.pathname + url.search + url.hash;
}
