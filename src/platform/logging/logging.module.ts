import { Global, Module } from '@nestjs/common';
import { AppLogger } from './logger.js';

/** The logger, for everybody. */
@Global()
@Module({ providers: [AppLogger], exports: [AppLogger] })
export class LoggingModule {}
