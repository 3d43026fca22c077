import { Global, Module } from '@nestjs/common';
import { AuditLog } from './audit-log.js';

/** Makes the log writable from everywhere. */
@Global()
@Module({ providers: [AuditLog], exports: [AuditLog] })
export class AuditLogModule {}
