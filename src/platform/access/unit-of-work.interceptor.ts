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
const REFUSALS = new Set([403, 404, 410]);

/** Ends the transaction that the guard began: commits before the answer leaves, undoes it when the handler throws. */
@Injectable()
export class UnitOfWorkInterceptor implements NestInterceptor {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly guard: AccessGuard,
  ) {}

  intercept(execution: ExecutionContext, next: CallHandler): Observable<unknown> {
    return from(this.answer(execution, next));
  }

  private async answer(execution: ExecutionContext, next: CallHandler): Promise<unknown> {
    try {
      const answer: unknown = await lastValueFrom(next.handle(), { defaultValue: undefined });
      this.assertRecorded(execution);
      await this.unitOfWork.commit();
      return answer;
    } catch (error) {
      await this.unitOfWork.rollback();
      await this.recordDenial(execution, error);
      throw error;
    }
  }

  /** A change by a member or a directory that leaves no entry in the log is undone, and answered as a fault of ours. */
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

  /** What is refused or hidden inside a handler is an attempt denied, as much as what the guard refuses. */
  private async recordDenial(execution: ExecutionContext, error: unknown): Promise<void> {
    if (error instanceof Problem && REFUSALS.has(error.status)) await this.guard.recordDenial(execution, error);
  }
}
