import { randomBytes } from 'node:crypto';
import { calculatePKCECodeChallenge } from 'oauth4webapi';
import { bindBrowser, returnPath } from '../sessions/index.js';
import type { PendingRequest, PendingRequests, SsoLoginRedirect, SsoLoginRequest } from '../sso/index.js';
import { relyingPartyUrls, type OidcConnection } from './oidc-connection.js';
import type { ProviderMetadata } from './provider-metadata.js';

/** A sign-in on its way: what its answer will be held against. The request's id is the state. */
export interface PendingOidcRequest extends PendingRequest {
  readonly nonce: string;
  readonly verifier: string;
  readonly forceAuthn: boolean;
}

/** Who wants to sign in, and how. */
export interface OidcLoginRequest extends SsoLoginRequest {
  readonly forceAuthn?: boolean;
  readonly loginHint?: string;
}

function random(): string {
  return randomBytes(32).toString('base64url');
}

/**
 * Begins a sign-in: an authorization request of the code flow with PKCE (RFC 7636), remembered for this browser and
 * this connection.
 * @throws SsoError
 */
export async function beginSignIn(
  connection: OidcConnection,
  metadata: ProviderMetadata,
  requests: PendingRequests,
  visitor: OidcLoginRequest,
  origin: string,
  now: Date,
): Promise<SsoLoginRedirect> {
  const returnTo = returnPath(visitor.returnTo);
  const { secret, setCookie } = bindBrowser(visitor.cookieHeader, origin);
  const [state, nonce, verifier] = [random(), random(), random()];
  const forceAuthn = connection.forceAuthn || (visitor.forceAuthn ?? false);
  await requests.remember<PendingOidcRequest>(
    { connectionId: connection.id, requestId: state, browser: secret },
    { createdAt: now.toISOString(), returnTo, nonce, verifier, forceAuthn, intent: visitor.intent },
  );
  const url = new URL(metadata.authorization_endpoint);
  const parameters = {
    client_id: connection.clientId,
    redirect_uri: relyingPartyUrls(origin, connection.id).callbackUrl,
    response_type: 'code',
    scope: ['openid', 'email', 'profile', ...connection.scopes].join(' '),
    state,
    nonce,
    code_challenge: await calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    ...(forceAuthn && { prompt: 'login', max_age: '0' }),
    ...(visitor.loginHint !== undefined && { login_hint: visitor.loginHint }),
  };
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  return { url: url.href, setCookie };
}
