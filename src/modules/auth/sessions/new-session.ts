import { newId } from '../../../platform/clock/id.js';
import { currentContext } from '../../../platform/context/context.js';
import { hashToken, hmac, randomToken } from '../../../platform/crypto/index.js';
import { deviceName } from './device.js';

/** The data of a session that is about to be opened. */
export interface NewSession {
  readonly id: string;
  /** The secret for the cookie. The server stores only its hash. */
  readonly secret: string;
  /** An `app.new_session` as JSON: the value for the placeholder that {@link newSessionParam} writes. */
  readonly parameter: string;
}

/** What the browser requests and sends for a new session, and what the identity provider reports about it. */
export interface NewSessionOptions {
  /** Requests a session of seven days. */
  rememberMe?: boolean;
  /** The secret of a remembered device, on which the user has already passed MFA. */
  device?: string;
  /** The identity provider's subject of the user. With it, the provider can end the session. */
  idpSubject?: string;
  /** The id of the session, if a value was encrypted for it. */
  id?: string;
  /** The encrypted token that a logout at the identity provider sends. */
  logoutHint?: Buffer | null;
  /** The time when the identity provider last authenticated the user, in epoch milliseconds. */
  signedInAt?: number;
}

/** Returns the data of a new session for the sender of the current request. */
export function newSession({
  id = newId(),
  rememberMe,
  device,
  idpSubject,
  logoutHint = null,
  signedInAt,
}: NewSessionOptions = {}): NewSession {
  const { ip, userAgent, requestId, location } = currentContext();
  const { country, latitude, longitude, radiusKm } = location() ?? {};
  const secret = randomToken();
  const fields = {
    id,
    secret_hash: hex(hashToken(secret)),
    ip,
    user_agent: userAgent,
    device: hex(deviceDigest(userAgent)),
    country,
    latitude,
    longitude,
    radius_km: radiusKm,
    remember: rememberMe ?? null,
    request_id: requestId,
    remembered_hash: device === undefined ? null : hex(hashToken(device)),
    idp_subject: idpSubject,
    logout_hint_enc: logoutHint === null ? null : hex(logoutHint),
    signed_in_at: signedInAt === undefined ? undefined : new Date(signedInAt),
  };
  return { id, secret, parameter: JSON.stringify(fields) };
}

/** Returns the SQL expression that reads a new session from the nth parameter of a statement. */
export function newSessionParam(n: number): string {
  return `jsonb_populate_record(NULL::app.new_session, $${n}::jsonb)`;
}

/**
 * Returns the digest that identifies this browser. It also changes when the device cookie appears in another browser
 * family. A browser without a device cookie gets one: `SessionCookies` sends the secret that the context then holds.
 */
function deviceDigest(userAgent: string | null): Buffer {
  const context = currentContext();
  return hmac(Buffer.from(context.ensureDevice(randomToken)), deviceName(userAgent) ?? 'unknown');
}

function hex(bytes: Buffer): string {
  return `\\x${bytes.toString('hex')}`;
}
