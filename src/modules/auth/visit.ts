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

/** What only an identity provider can say of a sign-in. */
export interface ProviderFacts {
  /** Its name for the person, by which it may end the session. */
  readonly idpSubject?: string;
  /** When it last saw the person prove who they are. Epoch milliseconds. */
  readonly signedInAt?: number;
}

/** A new session for whoever sends the request under way. */
export function newVisit({ idpSubject, signedInAt }: ProviderFacts = {}): Visit {
  const { ip, userAgent } = currentContext();
  const secret = randomToken();
  const visit = {
    id: newId(), secret_hash: `\\x${hashToken(secret).toString('hex')}`, ip, user_agent: userAgent, idp_subject: idpSubject,
    signed_in_at: signedInAt === undefined ? undefined : new Date(signedInAt),
  };
  return { secret, parameter: JSON.stringify(visit) };
}

/** The SQL of a visit that is the nth parameter of a statement. */
export function visitAt(n: number): string {
  return `jsonb_populate_record(NULL::app.visit, $${n}::jsonb)`;
}
