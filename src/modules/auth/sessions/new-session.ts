import { newId } from '../../../platform/clock/id.js';
import { currentContext } from '../../../platform/context/context.js';
import { hashToken, hmac, randomToken } from '../../../platform/crypto/index.js';
import { deviceName } from './device.js';

/** A session that is about to be opened. */
export interface NewSession {
  readonly id: string;
  /** What the cookie will carry; kept nowhere. */
  readonly secret: string;
  /** What the database is told: an `app.new_session` as JSON, for the placeholder that {@link newSessionParam} writes. */
  readonly parameter: string;
}

/** What a browser asks for and brings along to a session, and what only an identity provider can say of it. */
export interface NewSessionOptions {
  /** Asks for a session that lasts for days. */
  rememberMe?: boolean;
  /** The secret by which the browser is remembered to have shown a second factor. */
  device?: string;
  /** The provider's name for the person, by which it may end the session. */
  idpSubject?: string;
  /** When the provider last saw the person prove who they are. Epoch milliseconds. */
  signedInAt?: number;
}

/** A new session for whoever sends the request under way. */
export function newSession({ rememberMe, device, idpSubject, signedInAt }: NewSessionOptions = {}): NewSession {
  const { ip, userAgent, requestId, location } = currentContext();
  const { country, latitude, longitude, radiusKm } = location() ?? {};
  const [id, secret] = [newId(), randomToken()];
  const visit = {
    id,
    secret_hash: hex(hashToken(secret)),
    ip,
    user_agent: userAgent,
    device: hex(deviceMark(userAgent)),
    country,
    latitude,
    longitude,
    radius_km: radiusKm,
    remember: rememberMe ?? null,
    request_id: requestId,
    remembered_hash: device === undefined ? null : hex(hashToken(device)),
    idp_subject: idpSubject,
    signed_in_at: signedInAt === undefined ? undefined : new Date(signedInAt),
  };
  return { id, secret, parameter: JSON.stringify(visit) };
}

/** The SQL of a visit that is the nth parameter of a statement. */
export function newSessionParam(n: number): string {
  return `jsonb_populate_record(NULL::app.new_session, $${n}::jsonb)`;
}

/**
 * Tells this browser from any other, and from itself once its cookie turns up in another kind of browser. A browser
 * without a
 * device cookie is given one: `SessionCookies` sends what the context then holds.
 */
function deviceMark(userAgent: string | null): Buffer {
  const context = currentContext();
  return hmac(Buffer.from(context.ensureDevice(randomToken)), deviceName(userAgent) ?? 'unknown');
}

function hex(bytes: Buffer): string {
  return `\\x${bytes.toString('hex')}`;
}
