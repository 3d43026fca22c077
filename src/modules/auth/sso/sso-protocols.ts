import { Injectable } from '@nestjs/common';
import type { SsoConnectionEntity, SsoProtocol } from './sso-connection.entity.js';
import type { UpdateSsoConnectionDto } from './sso.dto.js';
import type { SsoIntent } from './verified-identity.js';

/** The parameters of a request to sign in at an identity provider. */
export interface SsoLoginRequest {
  readonly cookieHeader: string | undefined;
  /** A path on this host to return to. */
  readonly returnTo?: string;
  readonly intent?: SsoIntent;
  /** Whether the provider must authenticate the user again. */
  readonly forceAuthn?: boolean;
}

/** Where to send the browser, and the cookie that binds the response to it. */
export interface SsoLoginRedirect {
  readonly url: string;
  readonly setCookie: string;
  /** The secret in that cookie. */
  readonly browser: string;
}

export type ConnectionColumns = Partial<SsoConnectionEntity>;

/** Every connection has a URL at which a sign-in starts. */
export interface PresentedConnection {
  readonly loginUrl: string;
}

/** What a protocol module implements; `sso` reaches every protocol through this interface only. */
export interface SsoProtocolHandler {
  readonly protocol: SsoProtocol;
  /** The fields of a request body that only this protocol accepts. */
  readonly fields: readonly (keyof UpdateSsoConnectionDto)[];
  /** The values of `subject` that this protocol accepts; the first is the default. */
  readonly subjects: readonly SsoConnectionEntity['subject'][];
  /** Starts a sign-in. Rejects with the problem for the response. */
  startLogin(connectionId: string, request: SsoLoginRequest): Promise<SsoLoginRedirect>;
  /** Returns the columns that a body sets. Throws invalid_request or a problem of the protocol. */
  columnsOf(id: string, body: UpdateSsoConnectionDto, stored?: SsoConnectionEntity): Promise<ConnectionColumns>;
  /** Returns the URLs of a connection and the response fields that only this protocol has. */
  present(connection: SsoConnectionEntity): PresentedConnection;
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
