import { subjectKey } from './oidc-claims.js';
import { ensure } from './oidc-error.js';
import type { ProviderKeys } from './provider-metadata-cache.js';
import { verifyToken } from './signed-token.js';
import { checkToken, text, type ExpectedToken } from './token-checks.js';

/** A logout token that the connection's provider made for us, now. */
export interface VerifiedLogoutToken {
  readonly id: string;
  /** Whose sessions end, as identities are kept; all of theirs when no session is named. */
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
  // Entra's subjects differ from what its people are known by here; its session still says whose it was.
  const key = subject === undefined || expected.connection.subject !== 'sub' ? undefined : subjectKey(issuer, subject);
  ensure(key !== undefined || session !== undefined, 'logout_session_missing');
  return { id, subjectKey: key, session };
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
