import { Injectable } from '@nestjs/common';
import { AppConfig, OperatorConfig } from '../../../platform/config/index.js';
import { Clock } from '../../../platform/clock/clock.js';
import { RateLimiter } from '../../../platform/http/index.js';
import { Problem } from '../../../platform/problem/index.js';
import { browserSecret } from '../sessions/index.js';
import {
  asProblems,
  PendingRequests,
  SignedOutMark,
  SSO_IP_RATE_LIMITS,
  type SsoLoginRedirect,
  type SsoLoginRequest,
} from '../sso/index.js';
import { formPage } from './form-page.js';
import type { SamlConnection } from './saml-connection.js';
import { beginSignIn } from './saml-login.js';
import { OutgoingForms } from './saml-stores.js';
import { serviceProviderMetadata } from './sp-metadata.js';
import { StoredSamlConnections } from './stored-saml-connections.js';

/** Handles the steps of a SAML sign-in before the response: metadata, sign-in request, and form page. */
@Injectable()
export class SamlService {
  constructor(
    private readonly connections: StoredSamlConnections,
    private readonly requests: PendingRequests,
    private readonly forms: OutgoingForms,
    private readonly mark: SignedOutMark,
    private readonly clock: Clock,
    private readonly app: AppConfig,
    private readonly operator: OperatorConfig,
    private readonly limiter: RateLimiter,
  ) {}

  /**
   * Returns the service provider metadata of one connection, also of a draft. Throws `not_found` when no enabled
   * connection has this id.
   */
  async metadata(connectionId: string): Promise<string> {
    const connection = await this.connections.findServiceProvider(connectionId);
    if (connection === undefined) throw new Problem('not_found');
    return serviceProviderMetadata(connection, this.operator);
  }

  /**
   * Starts a sign-in and returns the redirect. Throws `not_found` when no enabled connection has this id. Throws
   * `sso_connection_draft` when the provider's data is missing. Throws
   * `invalid_request` when the return path is on another host. Throws `unavailable` when Redis does not answer.
   */
  async startLogin(connectionId: string, request: SsoLoginRequest): Promise<SsoLoginRedirect> {
    const connection = await asProblems(() => this.connection(connectionId));
    const askAgain = this.mark.includes(request.cookieHeader, connectionId);
    const login = { ...request, askAgain, publicUrl: this.app.origin, now: this.clock.millis() };
    const redirect = await asProblems(() => beginSignIn(connection, this.requests, this.forms, login));
    await this.limiter.admitNext(SSO_IP_RATE_LIMITS.answer, redirect.browser);
    return redirect;
  }

  /**
   * Returns the page that posts a stored SAML message. Throws `sso_failed` when the page was shown before or belongs to
   * another browser.
   */
  async form(ticket: string, cookieHeader: string | undefined): Promise<string> {
    const browser = browserSecret(cookieHeader, this.app.origin) ?? '';
    return formPage(await asProblems(() => this.forms.consume(ticket, browser)));
  }

  private async connection(id: string): Promise<SamlConnection> {
    const connection = await this.connections.find(id);
    if (connection === undefined) throw new Problem('not_found');
    return connection;
  }
}
