import { Injectable } from '@nestjs/common';
import type { SsoConnectionEntity, SsoProtocol } from './sso-connection.entity.js';
import type { ProviderSession } from './sso.repository.js';
import type { UpdateSsoConnectionDto } from './sso.dto.js';
import type { GuidedProvider, GuideValues, ProviderGuide } from './setup-guide.js';
import type { SsoIntent } from './verified-identity.js';

/** The parameters of a request to sign in at an identity provider. */
export interface SsoLoginRequest {
  readonly cookieHeader: string | undefined;
  /** A path on this host to return to. */
  readonly returnTo?: string;
  readonly intent?: SsoIntent;
  /** Whether the provider must authenticate the user again. The response must prove it. */
  readonly forceAuthn?: boolean;
  /** Whether the provider is asked to authenticate the user again. Providers that ignore the wish are accepted. */
  readonly askAgain?: boolean;
}

/** The parameters of a logout at the identity provider that opened a session. */
export interface SsoLogoutRequest {
  readonly cookieHeader: string | undefined;
  /** The path on this host to which the provider returns the browser after the logout. */
  readonly returnTo: string;
  /** The unguessable value in `returnTo`. */
  readonly state: string;
}

/** Where to send the browser, and the cookie that binds the response to it. */
export interface SsoLoginRedirect {
  readonly url: string;
  readonly setCookie: string;
  /** The secret in that cookie. */
  readonly browser: string;
}

/** Where to send the browser for a logout, and a cookie if the response is bound to the browser. */
export interface SsoLogoutRedirect {
  readonly url: string;
  readonly setCookie?: string;
}

export type ConnectionColumns = Partial<SsoConnectionEntity>;

/** Every connection has a URL at which a sign-in starts. */
export interface PresentedConnection {
  readonly loginUrl: string;
}

/** What a protocol module implements; `sso` reaches every protocol through this interface only. */
export interface SsoProtocolHandler {
  readonly protocol: SsoProtocol;
  /** The job that reads the documents of a connection's provider again. */
  readonly refreshJob: 'sso.refresh_metadata' | 'sso.check_issuer';
  /** The fields of a request body that only this protocol accepts. */
  readonly fields: readonly (keyof UpdateSsoConnectionDto)[];
  /** The values of `subject` that this protocol accepts; the first is the default. */
  readonly subjects: readonly SsoConnectionEntity['subject'][];
  /** Starts a sign-in. Rejects with the problem for the response. */
  startLogin(connectionId: string, request: SsoLoginRequest): Promise<SsoLoginRedirect>;
  /** Returns the redirect that ends the provider's session too; undefined when the provider offers no logout. */
  startLogout(session: ProviderSession, request: SsoLogoutRequest): Promise<SsoLogoutRedirect | undefined>;
  /** Returns the columns that a body sets. Throws invalid_request or a problem of the protocol. */
  columnsOf(id: string, body: UpdateSsoConnectionDto, stored?: SsoConnectionEntity): Promise<ConnectionColumns>;
  /** Returns the URLs of a connection and the response fields that only this protocol has. */
  present(connection: SsoConnectionEntity): PresentedConnection;
  /** Returns the guide for a provider, and the values of the connection that its rows use. */
  guide(connection: SsoConnectionEntity, provider: GuidedProvider): { guide: ProviderGuide; values: GuideValues };
  /** Returns the columns of the keys that a connection needs and does not have. */
  keysFor(id: string, connection: ConnectionColumns): Promise<ConnectionColumns>;
}

/** The registered protocols. Each protocol module registers itself at start. */
@Injectable()
export class SsoProtocols {
  private readonly handlers = new Map<SsoProtocol, SsoProtocolHandler>();

  register(handler: SsoProtocolHandler): void {
    this.handlers.set(handler.protocol, handler);
  }

  get(protocol: SsoProtocol): SsoProtocolHandler {
    const handler = this.handlers.get(protocol);
    if (handler === undefined) throw new Error(`no module registered the protocol ${protocol}`);
    return handler;
  }

  /** The fields that only protocols other than this one accept. */
  foreignFields(protocol: SsoProtocol): (keyof UpdateSsoConnectionDto)[] {
    return [...this.handlers.values()].filter((one) => one.protocol !== protocol).flatMap(({ fields }) => fields);
  }
}
