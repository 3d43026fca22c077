import { Injectable } from '@nestjs/common';
import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import { map } from 'rxjs';
import type { Observable } from 'rxjs';
import { returnsOf } from './returns.js';

/** Lets out only what the route declared; a route that declared nothing fails. */
@Injectable()
export class ReturnsInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const handler = context.getHandler();
    const returns = returnsOf(handler);
    if (returns === undefined) throw new Error(`${context.getClass().name}.${handler.name} declares no @Returns`);
    return next.handle().pipe(map(returns.shape));
  }
}
