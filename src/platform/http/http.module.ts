import { Global, Module } from '@nestjs/common';
import { APP_FILTER, APP_INTERCEPTOR, APP_PIPE } from '@nestjs/core';
import { ClockModule } from '../clock/clock.module.js';
import { DeviceCookie } from './device-cookie.js';
import { Cursors } from './pagination.js';
import { ProblemFilter } from './problem.filter.js';
import { ResponseTypeInterceptor } from './response-type.interceptor.js';
import { InputPipe } from './validation.js';

/**
 * Provides validation, response classes, and problem details for every route. Import it before modules with their own
 * interceptors, so that the response class applies to their results.
 */
@Global()
@Module({
  imports: [ClockModule],
  providers: [
    { provide: APP_FILTER, useClass: ProblemFilter },
    { provide: APP_INTERCEPTOR, useClass: ResponseTypeInterceptor },
    { provide: APP_PIPE, useClass: InputPipe },
    Cursors,
    DeviceCookie,
  ],
  exports: [Cursors, DeviceCookie],
})
export class HttpModule {}
