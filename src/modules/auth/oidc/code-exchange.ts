import { Injectable } from '@nestjs/common';
import * as oauth from 'oauth4webapi';
import { Clock } from '../../../platform/clock/clock.js';
import { AppConfig } from '../../../platform/config/index.js';
import { OutboundFetch } from '../../../platform/outbound/index.js';
import type { OidcConnection } from './oidc-connection.js';
import { ensure, OidcError } from './oidc-error.js';
import type { ProviderMetadata } from './provider-metadata.js';
import type { JwtClaims } from './signed-token.js';

/** The response of the token endpoint. It is not verified yet. */
export interface TokenResponse {
  readonly idToken: unknown;
  readonly accessToken: string | undefined;
}

type Body = Readonly<Record<string, unknown>>;

const JSON_TYPE = /^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i;
const CLIENT_ERRORS = new Set(['invalid_client', 'unauthorized_client']);

/** Sends the two direct requests to a provider: for the tokens of a code, and for the claims of a user. */
@Injectable()
export class CodeExchange {
  constructor(
    private readonly outbound: OutboundFetch,
    private readonly app: AppConfig,
    private readonly clock: Clock,
  ) {}

  /**
   * Exchanges a code for tokens, with the PKCE verifier of its request (RFC 7636, section 4.5). The exchange is not
   * repeated, because a code is valid once. Throws OidcError.
   */
  async redeem(
    connection: OidcConnection,
    metadata: ProviderMetadata,
    code: string,
    request: { verifier: string; callbackUrl: string },
  ): Promise<TokenResponse> {
    const client = this.client(connection);
    // checkResponseIssuer has already checked `iss`.
    const server = { ...metadata, authorization_response_iss_parameter_supported: false };
    const parameters = oauth.validateAuthResponse(server, client, new URLSearchParams({ code }), oauth.expectNoState);
    const send = (authentication: oauth.ClientAuth) =>
      this.request(() =>
        oauth.authorizationCodeGrantRequest(
          server,
          client,
          authentication,
          parameters,
          request.callbackUrl,
          request.verifier,
          this.options(),
        ),
      );
    let body: Body = {};
    let error: string | undefined;
    for (const authentication of clientAuthentications(connection, metadata)) {
      const response = await send(authentication);
      body = await bodyOf(response);
      error = response.status === 200 ? undefined : (body['error'] as string);
      if (error === undefined || !CLIENT_ERRORS.has(error)) break; // a rejected client has not used the code
    }
    if (error !== undefined)
      throw new OidcError(CLIENT_ERRORS.has(error) ? 'client_rejected' : 'code_rejected', error.slice(0, 50));
    const { id_token: idToken, access_token: accessToken } = body;
    return { idToken, accessToken: typeof accessToken === 'string' ? accessToken : undefined };
  }

  /**
   * Returns the claims of the provider's userinfo endpoint if they are about the same user (OpenID Connect Core 1.0,
   * section 5.3.2). Throws OidcError.
   */
  async userInfo(
    connection: OidcConnection,
    metadata: ProviderMetadata,
    accessToken: string,
    subject: string,
  ): Promise<JwtClaims> {
    const client = this.client(connection);
    const response = await this.request(() => oauth.userInfoRequest(metadata, client, accessToken, this.options()));
    ensure(JSON_TYPE.test(response.headers.get('content-type') ?? ''), 'userinfo_rejected', 'not JSON');
    try {
      return await oauth.processUserInfoResponse(metadata, client, subject, response);
    } catch (cause) {
      const other = cause instanceof oauth.OperationProcessingError && cause.code === oauth.JSON_ATTRIBUTE_COMPARISON;
      throw new OidcError(other ? 'userinfo_subject_mismatch' : 'userinfo_rejected', undefined, { cause });
    }
  }

  private client({ clientId, clockSkewSeconds }: OidcConnection): oauth.Client {
    return {
      client_id: clientId,
      [oauth.clockSkew]: this.clock.seconds() - Math.floor(Date.now() / 1000),
      [oauth.clockTolerance]: clockSkewSeconds,
    };
  }

  private options() {
    return {
      [oauth.customFetch]: (
        url: string,
        options: oauth.CustomFetchOptions<string, URLSearchParams | oauth.ProtectedResourceRequestBody>,
      ) =>
        this.outbound.fetch(url, { ...options, body: options.body instanceof URLSearchParams ? options.body : null }),
      [oauth.allowInsecureRequests]: !this.app.deployed,
    };
  }

  private async request(send: () => Promise<Response>): Promise<Response> {
    try {
      return await send();
    } catch (cause) {
      throw new OidcError('provider_unreachable', undefined, { cause });
    }
  }
}

/**
 * Returns the client authentication methods to try, in order: those that the provider supports (RFC 6749, section
 * 2.3.1). A client without a secret sends its id only.
 */
function clientAuthentications(
  { clientSecret }: OidcConnection,
  { token_endpoint_auth_methods_supported: methods = ['client_secret_basic'] }: ProviderMetadata,
): oauth.ClientAuth[] {
  if (clientSecret === undefined) return [oauth.None()];
  const supported = {
    client_secret_basic: oauth.ClientSecretBasic(clientSecret),
    client_secret_post: oauth.ClientSecretPost(clientSecret),
  };
  const offered = Object.entries(supported)
    .filter(([name]) => methods.includes(name))
    .map(([, method]) => method);
  ensure(offered.length > 0, 'provider_unsupported', 'client authentication');
  return offered;
}

async function bodyOf(response: Response): Promise<Body> {
  ensure(JSON_TYPE.test(response.headers.get('content-type') ?? ''), 'token_response_invalid', 'not JSON');
  let body: unknown;
  try {
    body = await response.json();
  } catch (cause) {
    throw new OidcError('token_response_invalid', undefined, { cause });
  }
  ensure(typeof body === 'object' && body !== null && !Array.isArray(body), 'token_response_invalid');
  ensure(
    response.status === 200 || typeof (body as Body)['error'] === 'string',
    'token_response_invalid',
    String(response.status),
  );
  return body as Body;
}
