import { Injectable, type ExecutionContext } from '@nestjs/common';
import { AuthGuard } from '@nestjs/passport';
import { refusalOf } from './library-refusal.js';
import { problemOf } from '../sso/sso-problem.js';
import { SamlRefused } from './saml-refusal.js';
import type { SamlArrival } from './saml.strategy.js';

/** A request that passed {@link SamlGuard}. */
export interface SamlRequest {
  readonly samlArrival: SamlArrival;
}

/** Lets a request through only with an assertion that holds, left in `request.samlArrival`; all else is a problem. */
@Injectable()
export class SamlGuard extends AuthGuard('saml') {
  override async canActivate(context: ExecutionContext): Promise<boolean> {
    await super.canActivate(context);
    const request = context.switchToHttp().getRequest<Partial<SamlRequest>>();
    // The library lets some messages pass without a person; whatever they are, nobody signed in.
    if (request.samlArrival === undefined) throw problemOf(new SamlRefused('library_refused'));
    return true;
  }

  override getAuthenticateOptions(): { property: string; session: false } {
    return { property: 'samlArrival', session: false };
  }

  override handleRequest<T>(error: unknown, arrival: T | false | undefined): T {
    if (error || !arrival) throw problemOf(refusalOf(error));
    return arrival;
  }
}
