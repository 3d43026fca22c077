import { Injectable, type NestMiddleware } from '@nestjs/common';
import type { NextFunction, Request, Response } from 'express';
import { newId } from '../clock/id.js';
import { Context, withContext } from './context.js';

const REQUEST_ID = /^[A-Za-z0-9._-]{8,64}$/;

/** Opens the request's context, and makes sure that its transaction ends with the connection at the latest. */
@Injectable()
export class ContextMiddleware implements NestMiddleware {
  use(request: Request, response: Response, next: NextFunction): void {
    const given = request.headers['x-request-id'];
    const context = new Context(typeof given === 'string' && REQUEST_ID.test(given) ? given : newId());
    context.ip = request.ip ?? null;
    context.userAgent = request.headers['user-agent']?.slice(0, 500) ?? null;
    response.setHeader('X-Request-Id', context.requestId);
    response.once('close', () => void context.transaction?.rollback());
    withContext(context, next);
  }
}
