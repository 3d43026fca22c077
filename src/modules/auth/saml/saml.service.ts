import { Injectable } from '@nestjs/common';
import { AppConfig } from '../../../platform/config/index.js';
import { Clock } from '../../../platform/clock/clock.js';
import { Problem } from '../../../platform/problem/index.js';
import { browserSecret } from '../sessions/index.js';
import { asProblems, PendingRequests, type SsoLoginRedirect, type SsoLoginRequest } from '../sso/index.js';
import { formPage } from './form-page.js';
import type { SamlConnection } from './saml-connection.js';
import { beginSignIn } from './saml-login.js';
import { OutgoingForms } from './saml-stores.js';
import { serviceProviderMetadata } from './sp-metadata.js';
import { StoredSamlConnections } from './stored-saml-connections.js';

/** The steps of a SAML sign-in that a browser sees before it arrives: metadata, departure. */
@Injectable()
export class SamlService {
  constructor(
    private readonly connections: StoredSamlConnections,
    private readonly requests: PendingRequests,
    private readonly forms: OutgoingForms,
    private readonly clock: Clock,
    private readonly app: AppConfig,
  ) {}

  /** Our metadata for one connection. Throws not_found. */
  async metadata(connectionId: string): Promise<string> {
    return serviceProviderMetadata(await this.connection(connectionId));
  }

  /**
   * Where to send the browser. Throws not_found, invalid_request for a foreign return path, unavailable without Redis.
   */
  async startLogin(connectionId: string, asked: SsoLoginRequest): Promise<SsoLoginRedirect> {
    const connection = await this.connection(connectionId);
    const visitor = { ...asked, publicUrl: this.app.origin, now: this.clock.millis() };
    return asProblems(() => beginSignIn(connection, this.requests, this.forms, visitor));
  }

  /**
   * The page that posts a message of ours. Throws sso_failed when it was shown already, or was made for another
   * browser.
   */
  async form(ticket: string, cookieHeader: string | undefined): Promise<string> {
    const browser = browserSecret(cookieHeader, this.app.origin) ?? '';
    return formPage(await asProblems(() => this.forms.take(ticket, browser)));
  }

  private async connection(id: string): Promise<SamlConnection> {
    const connection = await this.connections.find(id);
    if (connection === undefined) throw new Problem('not_found');
    return connection;
  }
}
