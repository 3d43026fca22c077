import { constantTimeEqual, deriveKey, hmac, randomToken } from '../../platform/crypto/index.js';

/** The payload of a token: the id of the invite and its fields at the time of sending. */
export interface InviteClaims {
  id: string;
  orgId: string;
  email: string;
  role: string;
  expiresAt: Date;
}

type Fields = [id: string, orgId: string, email: string, role: string, expiresAt: number, nonce: string];

/** Derives the key that signs tokens, from the installation's secret of 64 hexadecimal digits. */
export function inviteKey(secret: string): Buffer {
  return deriveKey(Buffer.from(secret, 'hex'), 'invite-token');
}

/**
 * Returns a token: base64url(JSON fields) "." base64url(HMAC-SHA-256 of that text). 256 random bits in the fields make
 * each token unique. The key alone is therefore not enough to forge a token that was sent.
 */
export function signInvite(key: Buffer, { id, orgId, email, role, expiresAt }: InviteClaims): string {
  const fields: Fields = [id, orgId, email, role, expiresAt.getTime(), randomToken()];
  const payload = Buffer.from(JSON.stringify(fields)).toString('base64url');
  return `${payload}.${mac(key, payload)}`;
}

/**
 * Returns the payload of a token; null unless the key signed exactly this text. The result does not show whether the
 * invite is still pending.
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
