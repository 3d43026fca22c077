import { Injectable } from '@nestjs/common';
import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import { map } from 'rxjs';
import type { Observable } from 'rxjs';
import { currentContext } from '../context/context.js';
import { audienceOf } from './audience.js';
import { responseTypeOf } from './response-type.js';

/** Lets out only what the route declared, to portal roles less of it; a route that declared nothing fails. */
@Injectable()
export class ResponseTypeInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const handler = context.getHandler();
    const returns = responseTypeOf(handler);
    if (returns === undefined) throw new Error(`${context.getClass().name}.${handler.name} declares no @ResponseType`);
    const audience = audienceOf(currentContext().member);
    return next.handle().pipe(map((value) => returns.shape(value, audience)));
  }
}
