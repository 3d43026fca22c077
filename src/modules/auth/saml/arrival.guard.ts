import { Injectable, Logger, type ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';
import { Problem } from '../../../platform/http/problem.js';
import { evidenceOfForm } from './saml-evidence.js';
import { SamlGuard } from './saml.guard.js';
import { SsoArrivals } from '../sso/sso-arrivals.service.js';
import { SsoRefused } from '../sso/sso-refusal.js';

/** The SAML guard, with each refusal and its reason written to the organization's log. */
@Injectable()
export class ArrivalGuard extends SamlGuard {
  private readonly log = new Logger('SAML');

  constructor(private readonly arrivals: SsoArrivals) {
    super();
  }

  override async canActivate(context: ExecutionContext): Promise<boolean> {
    try {
      return await super.canActivate(context);
    } catch (error) {
      if (error instanceof Problem && error.cause instanceof SsoRefused) await this.record(context, error.cause);
      throw error;
    }
  }

  private async record(context: ExecutionContext, { reason }: SsoRefused): Promise<void> {
    const { params: { connectionId }, body } = context.switchToHttp().getRequest<Request>();
    this.log.warn(`response refused: ${reason}`);
    try {
      await this.arrivals.recordRefusal(String(connectionId), 'saml', reason, evidenceOfForm(body));
    } catch (error) {
      this.log.error('a refused response could not be recorded', error);
    }
  }
}
