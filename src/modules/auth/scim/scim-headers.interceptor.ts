import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import type { Request, Response } from 'express';
import { map, type Observable } from 'rxjs';
import type { ScimRepresentation } from './scim-resources.js';

/**
 * Tells version and address of a resource in headers too. With the tag there, express answers 304 to who has it (RFC
 * 9110 section 13.1.2).
 */
@Injectable()
export class ScimHeaders implements NestInterceptor {
  intercept(execution: ExecutionContext, next: CallHandler<ScimRepresentation | undefined>): Observable<unknown> {
    const response = execution.switchToHttp().getResponse<Response>();
    // it speaks to caches, but express would send all again for it
    delete execution.switchToHttp().getRequest<Request>().headers['cache-control'];
    return next.handle().pipe(
      map((answer) => {
        if (answer?.version !== undefined) response.setHeader('ETag', `W/"${answer.version}"`);
        if (answer?.location !== undefined) response.setHeader('Location', answer.location);
        return answer?.resource;
      }),
    );
  }
}
