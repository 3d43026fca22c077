import { Injectable, Logger, type ExecutionContext } from '@nestjs/common';
import { AuthGuard } from '@nestjs/passport';
import type { Request } from 'express';
import { problemOf, SsoArrivals, type SsoRefused } from '../sso/index.js';
import { libraryRefusal } from './library-refusal.js';
import { evidenceOfForm } from './saml-evidence.js';
import type { SamlArrival } from './saml-responses.js';

/** A request that passed {@link ArrivalGuard}. */
export interface SamlRequest {
  readonly samlArrival: SamlArrival;
}

/**
 * Lets a request through only with an assertion that holds, left in `request.samlArrival`; all else is a problem, and
 * its reason is written to the organization's log.
 */
@Injectable()
export class ArrivalGuard extends AuthGuard('saml') {
  private readonly log = new Logger('SAML');

  constructor(private readonly arrivals: SsoArrivals) {
    super();
  }

  override async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<Request & Partial<SamlRequest>>();
    const {
      params: { connectionId },
      body,
    } = request;
    try {
      await super.canActivate(context);
      // The library lets some messages pass without a person; whatever they are, nobody signed in.
      if (request.samlArrival === undefined) throw libraryRefusal(undefined);
      return true;
    } catch (error) {
      const refusal = libraryRefusal(error);
      await this.record(String(connectionId), body, refusal);
      throw problemOf(refusal);
    } finally {
      request.body = body; // without what was decrypted for the library
    }
  }

  override getAuthenticateOptions(): { property: string; session: false } {
    return { property: 'samlArrival', session: false };
  }

  override handleRequest<T>(error: unknown, arrival: T | false | undefined): T {
    if (error || !arrival) throw libraryRefusal(error);
    return arrival;
  }

  private async record(connectionId: string, body: unknown, { reason, message, cause }: SsoRefused): Promise<void> {
    this.log.warn(`response refused: ${reason === 'library_refused' ? message : reason}`);
    if (reason === 'unexpected') this.log.error('a message could not be judged', cause);
    try {
      await this.arrivals.recordRefusal(connectionId, 'saml', reason, evidenceOfForm(body));
    } catch (error) {
      this.log.error('a refused response could not be recorded', error);
    }
  }
}
