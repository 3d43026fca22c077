import { Injectable } from '@nestjs/common';
import type { SsoProtocol } from './sso-connection.entity.js';
import type { SsoAim } from './sso-identity.js';

/** The browser that is sent to its identity provider. */
export interface SsoVisitor {
  readonly cookieHeader: string | undefined;
  /** A path on this host to come back to. */
  readonly returnTo?: string;
  readonly aim?: SsoAim;
  /** Whether to show anew who they are: for a step-up, or since the connection always asks it. */
  readonly forceAuthn?: boolean;
}

/** Where to send the browser, and the cookie that its answer will be known by. */
export interface SsoDeparture {
  readonly url: string;
  readonly setCookie: string;
}

/** How a protocol sends a browser to a connection's provider. Rejects with the problem to answer with. */
export type Depart = (connectionId: string, visitor: SsoVisitor) => Promise<SsoDeparture>;

/** The ways to identity providers: each protocol adds its own, so that what all share can begin a sign-in. */
@Injectable()
export class SsoDepartures {
  private readonly ways = new Map<SsoProtocol, Depart>();

  add(protocol: SsoProtocol, depart: Depart): void {
    this.ways.set(protocol, depart);
  }

  depart(protocol: SsoProtocol, connectionId: string, visitor: SsoVisitor): Promise<SsoDeparture> {
    const depart = this.ways.get(protocol);
    if (depart === undefined) throw new Error(`nobody said how to sign in by ${protocol}`);
    return depart(connectionId, visitor);
  }
}
