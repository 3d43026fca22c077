import { Injectable, Logger, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';
import { isId } from '../audit/meta-shapes.js';
import { AuditTrail } from '../audit/audit-trail.js';
import { currentContext } from '../context/context.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import { Problem } from '../problem/problem.js';
import { isMutating, type Attempt, type Layer } from './attempt.js';
import { routePolicy } from './decorators.js';
import { KeyLimitLayer, PeopleOnlyLayer } from './layers/api-key.layers.js';
import { DirectoryLayer } from './layers/directory.layer.js';
import { SessionLayer } from './layers/session.layer.js';
import {
  EnforcedSsoLayer,
  PasswordChangedLayer,
  PermissionLayer,
  RateLayer,
  SameOriginLayer,
  SecondFactorLayer,
  SignInMethodLayer,
  StepUpLayer,
} from './layers/standing.layers.js';
import { TokenLayer } from './layers/token.layer.js';

/** The one guard: every request passes these layers, in this order; the first refusal ends it. */
@Injectable()
export class AccessGuard implements CanActivate {
  private readonly log = new Logger('AccessGuard');
  private readonly forEverybody: readonly Layer[];
  private readonly forMembers: readonly Layer[];
  private readonly forDirectories: readonly Layer[];
  private readonly again: readonly Layer[];

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly audit: AuditTrail,
    rate: RateLayer,
    token: TokenLayer,
    keyLimit: KeyLimitLayer,
    session: SessionLayer,
    sameOrigin: SameOriginLayer,
    peopleOnly: PeopleOnlyLayer,
    password: PasswordChangedLayer,
    secondFactor: SecondFactorLayer,
    enforcedSso: EnforcedSsoLayer,
    method: SignInMethodLayer,
    permission: PermissionLayer,
    stepUp: StepUpLayer,
    directory: DirectoryLayer,
  ) {
    this.forEverybody = [rate];
    this.forMembers = [
      token,
      keyLimit,
      session,
      sameOrigin,
      peopleOnly,
      password,
      secondFactor,
      enforcedSso,
      method,
      permission,
      stepUp,
    ];
    this.forDirectories = [directory];
    this.again = [session, secondFactor, enforcedSso, method, permission];
  }

  async canActivate(execution: ExecutionContext): Promise<boolean> {
    const policy = routePolicy(execution.getHandler());
    if (policy === undefined) throw new Problem('forbidden');
    const request = execution.switchToHttp().getRequest<Request>();
    currentContext().declare(policy.emits ?? []);
    const attempt: Attempt = { execution, request, policy, mutating: isMutating(request.method) };
    await pass(this.forEverybody, attempt);
    if (policy.kind === 'access') await this.admit(attempt);
    if (policy.kind === 'directory') await pass(this.forDirectories, attempt);
    return true;
  }

  private async admit(attempt: Attempt): Promise<void> {
    try {
      await pass(this.forMembers, attempt);
      const context = currentContext();
      const begin = () => pass(this.again, attempt);
      context.allow({ begin, run: (fn) => this.unitOfWork.runIn(context.derive(), begin, fn) });
    } catch (error) {
      await this.unitOfWork.rollback();
      if (error instanceof Problem) await this.recordDenial(attempt.execution, error);
      throw error;
    }
  }

  /**
   * The refused request's transaction is undone, so the denial is written in one of its own; of nobody who was not
   * admitted.
   * Where even that fails, the refusal stands and the failure is logged.
   */
  async recordDenial(execution: ExecutionContext, problem: Problem): Promise<void> {
    const { audit: enter } = currentContext().again;
    if (enter === null) return;
    const policy = routePolicy(execution.getHandler());
    const meta = {
      route: `${execution.getClass().name}.${execution.getHandler().name}`,
      permission: policy?.kind === 'access' ? policy.permission : undefined,
      reason: problem.code,
      record: recordOf(execution),
    };
    try {
      await this.unitOfWork.run<void, { state: string }>(enter(), ({ state }) => {
        if (state === 'ok') this.audit.record('access.denied', { outcome: 'denied', meta });
      });
    } catch (error) {
      this.log.error('a denial could not be recorded', error);
    }
  }
}

/** The id in the route's path, where it has one. */
function recordOf(execution: ExecutionContext): string | undefined {
  const { id } = execution.switchToHttp().getRequest<Request>().params;
  return isId(id) ? id : undefined;
}

async function pass(layers: readonly Layer[], attempt: Attempt): Promise<void> {
  for (const layer of layers) {
    const pending = layer.check(attempt);
    if (pending !== undefined) await pending;
  }
}
