import { Injectable, Logger, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';
import { evidenceOfForm } from './saml-evidence.js';
import { SsoArrivals } from '../sso/sso-arrivals.service.js';
import { refusalOf, problemOf } from './saml-problem.js';
import type { SamlRefused } from './saml-refusal.js';
import { SamlResponses, type SamlArrival } from './saml-responses.js';

/** A request that passed {@link ArrivalGuard}. */
export interface SamlRequest {
  readonly samlArrival: SamlArrival;
}

/**
 * Lets a request through only with an assertion that holds, left in `request.samlArrival`; all else is a problem, and
 * its reason is written to the organization's log.
 */
@Injectable()
export class ArrivalGuard implements CanActivate {
  private readonly log = new Logger('SAML');

  constructor(
    private readonly responses: SamlResponses,
    private readonly arrivals: SsoArrivals,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<Request & { samlArrival?: SamlArrival }>();
    const { params, query, body, headers } = request;
    try {
      request.samlArrival = await this.responses.accept({ connectionId: String(params['connectionId']), cookieHeader: headers.cookie, query, body });
      return true;
    } catch (error) {
      const refusal = refusalOf(error);
      await this.record(context, refusal);
      throw problemOf(refusal);
    }
  }

  private async record(context: ExecutionContext, { reason, cause }: SamlRefused): Promise<void> {
    const { params: { connectionId }, body } = context.switchToHttp().getRequest<Request>();
    this.log.warn(`response refused: ${reason}`);
    if (reason === 'unexpected') this.log.error('a message could not be judged', cause);
    try {
      await this.arrivals.recordRefusal(String(connectionId), 'saml', reason, evidenceOfForm(body));
    } catch (error) {
      this.log.error('a refused response could not be recorded', error);
    }
  }
}
