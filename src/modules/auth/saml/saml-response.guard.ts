import { Injectable, Logger, type ExecutionContext } from '@nestjs/common';
import { AuthGuard } from '@nestjs/passport';
import type { Request } from 'express';
import {
  problemOf,
  type SsoDiagnostics,
  SsoSignInService,
  toSsoError,
  type SsoError,
  type VerifiedIdentity,
} from '../sso/index.js';
import { MessageVerifier } from './message-verifier.js';
import { SamlError } from './saml-error.js';

/** A request that passed {@link SamlResponseGuard}. */
export interface SamlRequest {
  readonly verifiedIdentity: VerifiedIdentity;
}

/**
 * Admits a request only with a verified response, whose identity is in `request.verifiedIdentity`. Every other request
 * is answered with a problem, and the reason is written to the audit log of the organization.
 */
@Injectable()
export class SamlResponseGuard extends AuthGuard('saml') {
  private readonly log = new Logger('SAML');

  constructor(
    private readonly signIn: SsoSignInService,
    private readonly verifier: MessageVerifier,
  ) {
    super();
  }

  override async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<Request & Partial<SamlRequest>>();
    try {
      await super.canActivate(context);
      // A strategy may let a request pass without a result. Such a request is not signed in.
      if (request.verifiedIdentity === undefined) throw noResult();
      return true;
    } catch (error) {
      const rejection = toSsoError(error);
      await this.record(String(request.params['connectionId']), request.body, rejection);
      throw problemOf(rejection);
    }
  }

  override getAuthenticateOptions(): { property: string; session: false } {
    return { property: 'verifiedIdentity', session: false };
  }

  override handleRequest<T>(error: unknown, verified: T | false | undefined): T {
    if (error) throw toSsoError(error);
    if (!verified) throw noResult();
    return verified;
  }

  private async record(connectionId: string, body: unknown, rejection: SsoError): Promise<void> {
    const { reason, detail, message, cause } = rejection;
    this.log.warn(`response rejected: ${reason === 'library_rejected' ? message : reason}`);
    if (reason === 'unexpected') this.log.error('a response could not be verified', cause);
    if (reason === 'server_busy') return; // the request was not examined
    const diagnostics = async (): Promise<SsoDiagnostics | undefined> =>
      reason === 'connection_unknown' ? undefined : this.verifier.run(connectionId, 'diagnostics', body, { detail });
    try {
      await this.signIn.recordRejection(connectionId, 'saml', reason, diagnostics);
    } catch (error) {
      this.log.error('a rejected response could not be recorded', error);
    }
  }
}

function noResult(): SamlError {
  return new SamlError('library_rejected', 'accepted without a user');
}
