import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import { from, lastValueFrom, type Observable } from 'rxjs';
import type { Request } from 'express';
import { AccessGuard } from './access.guard.js';
import { isMutating } from './guard-context.js';
import { routePolicy } from './decorators.js';
import { currentContext } from '../context/context.js';
import { Problem } from '../problem/problem.js';
import { UnitOfWork } from '../database/unit-of-work.js';

/** Forbidden, not found, gone. */
const DENIAL_STATUSES = new Set([403, 404, 410]);

/**
 * Ends the transaction that the guard began. Commits before the response is sent; rolls back when the handler throws.
 */
@Injectable()
export class UnitOfWorkInterceptor implements NestInterceptor {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly guard: AccessGuard,
  ) {}

  intercept(execution: ExecutionContext, next: CallHandler): Observable<unknown> {
    return from(this.handle(execution, next));
  }

  private async handle(execution: ExecutionContext, next: CallHandler): Promise<unknown> {
    try {
      const response: unknown = await lastValueFrom(next.handle(), { defaultValue: undefined });
      this.assertRecorded(execution);
      await this.unitOfWork.commit();
      return response;
    } catch (error) {
      await this.unitOfWork.rollback();
      await this.recordDenial(execution, error);
      throw error;
    }
  }

  /**
   * Throws when a mutating request of a member or a SCIM client recorded no audit event. The request is rolled back and
   * the API returns 500.
   */
  private assertRecorded(execution: ExecutionContext): void {
    const policy = routePolicy(execution.getHandler());
    const { transaction, work } = currentContext();
    const request = execution.switchToHttp().getRequest<Request>();
    if (
      policy === undefined ||
      policy.kind === 'public' ||
      !isMutating(request.method) ||
      transaction === null ||
      transaction.log.length + work.auditEvents > 0
    )
      return;
    throw new Error(
      `${execution.getClass().name}.${execution.getHandler().name} changed something and recorded none of: ` +
        policy.emits?.join(', '),
    );
  }

  /** Records a denial that the handler decided, in the same way as a denial of the guard. */
  private async recordDenial(execution: ExecutionContext, error: unknown): Promise<void> {
    if (error instanceof Problem && DENIAL_STATUSES.has(error.status)) await this.guard.recordDenial(execution, error);
  }
}
