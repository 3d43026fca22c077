import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import type { Request, Response } from 'express';
import { map, type Observable } from 'rxjs';
import type { ScimRepresentation } from './scim-resources.js';

/**
 * Sends the version and the URL of a resource as headers too. With the `ETag` header, express returns 304 to a client
 * that has the current version (RFC 9110 section 13.1.2). Sends 204 without a resource.
 */
@Injectable()
export class ScimHeaders implements NestInterceptor {
  intercept(execution: ExecutionContext, next: CallHandler<ScimRepresentation | undefined>): Observable<unknown> {
    const response = execution.switchToHttp().getResponse<Response>();
    // Express never returns 304 to a request with `Cache-Control: no-cache`, although the header is meant for caches.
    delete execution.switchToHttp().getRequest<Request>().headers['cache-control'];
    return next.handle().pipe(
      map((representation) => {
        if (representation?.version !== undefined) response.setHeader('ETag', `W/"${representation.version}"`);
        if (representation?.location !== undefined) response.setHeader('Location', representation.location);
        if (representation !== undefined && representation.resource === undefined) response.status(204);
        return representation?.resource;
      }),
    );
  }
}
