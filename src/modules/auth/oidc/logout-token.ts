import { subjectKey } from './oidc-claims.js';
import { ensure } from './oidc-error.js';
import type { ProviderKeys } from './provider-metadata-cache.js';
import { verifyToken } from './signed-token.js';
import { checkToken, text, type ExpectedToken } from './token-checks.js';

/** A verified, current logout token of the connection's provider. */
export interface VerifiedLogoutToken {
  readonly id: string;
  /** The subject key of the user whose sessions end. Without a session, all sessions of the user end. */
  readonly subjectKey?: string;
  readonly session?: string;
}

const EVENT = 'http://schemas.openid.net/event/backchannel-logout';

/**
 * Verifies a logout token (OpenID Connect Back-Channel Logout 1.0, section 2.6).
 * @throws OidcError
 */
export async function verifyLogoutToken(
  raw: unknown,
  expected: ExpectedToken & { readonly keys: ProviderKeys },
): Promise<VerifiedLogoutToken> {
  const { claims } = await verifyToken(raw, expected.keys, expected.metadata.id_token_signing_alg_values_supported, [
    'jwt',
    'logout+jwt',
  ]);
  const issuer = checkToken(claims, expected);
  const { events } = claims;
  ensure(
    typeof events === 'object' && events !== null && isObject((events as Record<string, unknown>)[EVENT]),
    'logout_event_missing',
  );
  ensure(!('nonce' in claims), 'logout_nonce_present');
  const [id, subject, session] = [text(claims, 'jti'), text(claims, 'sub'), text(claims, 'sid')];
  ensure(id !== undefined, 'token_malformed', 'jti');
  // With Entra's object ids as subject keys, the sub claim identifies no stored user. The session id still does.
  const key = subject === undefined || expected.connection.subject !== 'sub' ? undefined : subjectKey(issuer, subject);
  ensure(key !== undefined || session !== undefined, 'logout_session_missing');
  return { id, subjectKey: key, session };
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
