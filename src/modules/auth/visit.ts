import { newId } from '../../platform/clock/id.js';
import { currentContext } from '../../platform/context/context.js';
import { hashToken, randomToken } from '../../platform/crypto/index.js';

/** A session that is about to be opened. */
export interface Visit {
  /** What the cookie will carry; kept nowhere. */
  readonly secret: string;
  /** What the database is told: an `app.visit` as JSON, for the placeholder that {@link visitAt} writes. */
  readonly parameter: string;
}

/** A new session for whoever sends the request under way; `device` is the secret by which the browser is remembered. */
export function newVisit(device?: string): Visit {
  const { ip, userAgent } = currentContext();
  const secret = randomToken();
  const visit = {
    id: newId(), secret_hash: hashHex(secret), ip, user_agent: userAgent, remembered_hash: device === undefined ? null : hashHex(device),
  };
  return { secret, parameter: JSON.stringify(visit) };
}

/** The digest of a secret, as JSON carries bytes to the database. */
function hashHex(secret: string): string {
  return `\\x${hashToken(secret).toString('hex')}`;
}

/** The SQL of a visit that is the nth parameter of a statement. */
export function visitAt(n: number): string {
  return `jsonb_populate_record(NULL::app.visit, $${n}::jsonb)`;
}
