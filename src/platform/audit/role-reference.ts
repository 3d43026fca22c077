import { sha256 } from '../crypto/index.js';
import { PRESET_ROLES, SUPPORT_ROLE } from '../feature/roles.js';

/** The form of a role key, as the table `roles` checks it. */
const ROLE_KEY = /^(?=.{2,40}$)[a-z]+(_[a-z]+)*$/;

/** Returns true for a text with the form of a role key. */
export function isRoleKey(value: unknown): value is string {
  return typeof value === 'string' && ROLE_KEY.test(value);
}

/**
 * Returns the name of a role in audit events. A preset role has its key. Members choose the key of a custom role, and
 * it can contain personal data. A custom role therefore has a UUID, version 8 (RFC 9562, section 5.8): the start of
 * the SHA-256 of the organization and the key.
 */
export function roleReference(orgId: string, key: string): string {
  if (PRESET_ROLES.has(key) || key === SUPPORT_ROLE) return key;
  const bytes = sha256(`${orgId} ${key}`).subarray(0, 16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x80;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
