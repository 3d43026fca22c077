import { constantTimeEqual, deriveKey, hmac, randomToken } from '../../platform/crypto/index.js';

/** What a token says: which invite it is for, and what it was for when it was sent. */
export interface InviteClaims {
  id: string;
  orgId: string;
  email: string;
  role: string;
  expiresAt: Date;
}

type Fields = [id: string, orgId: string, email: string, role: string, expiresAt: number, nonce: string];

/** The key under which tokens are signed, from the installation's 64 hexadecimal digits for such things. */
export function inviteKey(secret: string): Buffer {
  return deriveKey(Buffer.from(secret, 'hex'), 'invite-token');
}

/**
 * A token: base64url(JSON fields) "." base64url(HMAC-SHA-256 of that text). 256 random bits among the fields make each
 * one that is sent another, and keep whoever holds the key from making one that was sent.
 */
export function signInvite(key: Buffer, { id, orgId, email, role, expiresAt }: InviteClaims): string {
  const fields: Fields = [id, orgId, email, role, expiresAt.getTime(), randomToken()];
  const payload = Buffer.from(JSON.stringify(fields)).toString('base64url');
  return `${payload}.${mac(key, payload)}`;
}

/**
 * What a token says; null unless it is, letter by letter, one that was signed under the key. Says nothing of whether it
 * is still open.
 */
export function readInvite(key: Buffer, token: string): InviteClaims | null {
  const [payload = '', signature = '', ...more] = token.split('.');
  if (more.length > 0 || !constantTimeEqual(signature, mac(key, payload))) return null;
  const [id, orgId, email, role, expiresAt] = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Fields;
  return { id, orgId, email, role, expiresAt: new Date(expiresAt) };
}

function mac(key: Buffer, payload: string): string {
  return hmac(key, payload).toString('base64url');
}
