import { Global, Module } from '@nestjs/common';
import { AppLogger } from './logger.js';

/** Provides the logger to all modules. */
@Global()
@Module({ providers: [AppLogger], exports: [AppLogger] })
export class LoggingModule {}
