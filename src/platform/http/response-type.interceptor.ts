import { Injectable } from '@nestjs/common';
import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import { map } from 'rxjs';
import type { Observable } from 'rxjs';
import { currentContext } from '../context/context.js';
import { audienceOf } from './audience.js';
import { responseTypeOf } from './response-type.js';

/**
 * Serializes the result of a handler with the declared response type and for the audience. Throws when the route
 * declares none.
 */
@Injectable()
export class ResponseTypeInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const handler = context.getHandler();
    const responseType = responseTypeOf(handler);
    if (responseType === undefined)
      throw new Error(`${context.getClass().name}.${handler.name} declares no @ResponseType`);
    const audience = audienceOf(currentContext().member);
    return next.handle().pipe(map((value) => responseType.shape(value, audience)));
  }
}
