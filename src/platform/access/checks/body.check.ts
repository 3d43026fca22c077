import { Injectable } from '@nestjs/common';
import { HttpConfig } from '../../config/index.js';
import { receiveBody } from '../../http/body.js';
import type { GuardContext, AccessCheck } from '../guard-context.js';

/**
 * Receives the bytes of the body within the limit that the route declares, before a transaction is open. The guard
 * parses them after the last check, so that a caller without access to the route cannot make the server parse a body.
 */
@Injectable()
export class BodyCheck implements AccessCheck {
  constructor(private readonly http: HttpConfig) {}

  check({ request, policy }: GuardContext): Promise<void> | undefined {
    return receiveBody(request, policy.body ?? {}, this.http.bodyLimitBytes);
  }
}
