import { Injectable, Logger, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';
import { isId } from '../audit/meta-shapes.js';
import { AuditLog } from '../audit/audit-log.js';
import { Context, currentContext } from '../context/context.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import { Problem } from '../problem/problem.js';
import { isMutating, type GuardContext, type AccessCheck } from './guard-context.js';
import { routePolicy } from './decorators.js';
import { parseBody } from '../http/body.js';
import { BodyCheck } from './checks/body.check.js';
import { ApiKeyLimitCheck, InteractiveOnlyCheck } from './checks/api-key.checks.js';
import { ScimTokenCheck } from './checks/scim-token.check.js';
import { SessionCheck } from './checks/session.check.js';
import {
  EnforcedSsoCheck,
  PasswordChangedCheck,
  PermissionCheck,
  SameOriginCheck,
  MfaCheck,
  SignInMethodCheck,
  StepUpCheck,
} from './checks/member.checks.js';
import { RateLimitCheck } from './checks/rate-limit.check.js';
import { TokenCheck } from './checks/token.check.js';

/** Runs the checks of a route in a fixed order on every request. The first failed check ends the request. */
@Injectable()
export class AccessGuard implements CanActivate {
  private readonly log = new Logger('AccessGuard');
  private readonly routeChecks: readonly AccessCheck[];
  private readonly publicChecks: readonly AccessCheck[];
  private readonly memberChecks: readonly AccessCheck[];
  private readonly scimChecks: readonly AccessCheck[];
  private readonly again: readonly AccessCheck[];

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly audit: AuditLog,
    rate: RateLimitCheck,
    body: BodyCheck,
    token: TokenCheck,
    keyLimit: ApiKeyLimitCheck,
    session: SessionCheck,
    sameOrigin: SameOriginCheck,
    interactiveOnly: InteractiveOnlyCheck,
    password: PasswordChangedCheck,
    secondFactor: MfaCheck,
    enforcedSso: EnforcedSsoCheck,
    method: SignInMethodCheck,
    permission: PermissionCheck,
    stepUp: StepUpCheck,
    directory: ScimTokenCheck,
  ) {
    this.routeChecks = [rate, body];
    this.publicChecks = [sameOrigin];
    this.memberChecks = [
      token,
      keyLimit,
      session,
      sameOrigin,
      interactiveOnly,
      password,
      secondFactor,
      enforcedSso,
      method,
      permission,
      stepUp,
    ];
    this.scimChecks = [directory];
    this.again = [session, secondFactor, enforcedSso, method, permission];
  }

  async canActivate(execution: ExecutionContext): Promise<boolean> {
    const policy = routePolicy(execution.getHandler());
    if (policy === undefined) throw new Problem('forbidden');
    const request = execution.switchToHttp().getRequest<Request>();
    currentContext().declare(policy.emits ?? []);
    const attempt: GuardContext = { execution, request, policy, mutating: isMutating(request.method) };
    await runChecks(this.routeChecks, attempt);
    if (policy.kind === 'public') await runChecks(this.publicChecks, attempt);
    if (policy.kind === 'access') await this.authorize(attempt);
    if (policy.kind === 'scim') await runChecks(this.scimChecks, attempt);
    await this.parse(attempt);
    return true;
  }

  /** Parses the body. The checks may have begun a transaction, which ends with an invalid body. */
  private async parse({ request, policy }: GuardContext): Promise<void> {
    try {
      parseBody(request, policy.body ?? {});
    } catch (error) {
      await this.unitOfWork.rollback();
      throw error;
    }
  }

  private async authorize(attempt: GuardContext): Promise<void> {
    try {
      await runChecks(this.memberChecks, attempt);
      const context = currentContext();
      const begin = () => runChecks(this.again, attempt);
      const { requestId, ip, userAgent, emits } = context;
      // A stream outlives its request, so its transactions do not end with the connection.
      const again = () => new Context({ requestId, ip, userAgent, emits });
      context.allow({ begin, run: (fn) => this.unitOfWork.runIn(again(), begin, fn) });
    } catch (error) {
      await this.unitOfWork.rollback();
      if (error instanceof Problem) await this.recordDenial(attempt.execution, error);
      throw error;
    }
  }

  /**
   * Records the denial in a new transaction, because the transaction of the denied request is rolled back. Records
   * nothing if the caller was not identified. If recording fails, the request stays denied and the failure is logged.
   */
  async recordDenial(execution: ExecutionContext, problem: Problem): Promise<void> {
    const { audit: enter } = currentContext().again;
    if (enter === null) return;
    const policy = routePolicy(execution.getHandler());
    const meta = {
      route: `${execution.getClass().name}.${execution.getHandler().name}`,
      permission: policy?.kind === 'access' ? policy.permission : undefined,
      reason: problem.code,
      record: recordIdOf(execution),
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

/** Returns the `id` parameter of the route when it is a UUID. */
function recordIdOf(execution: ExecutionContext): string | undefined {
  const { id } = execution.switchToHttp().getRequest<Request>().params;
  return isId(id) ? id : undefined;
}

async function runChecks(checks: readonly AccessCheck[], attempt: GuardContext): Promise<void> {
  for (const check of checks) {
    const pending = check.check(attempt);
    if (pending !== undefined) await pending;
  }
}
