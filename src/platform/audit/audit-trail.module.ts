import { Global, Module } from '@nestjs/common';
import { AuditTrail } from './audit-trail.js';

/** Makes the log writable from everywhere. */
@Global()
@Module({ providers: [AuditTrail], exports: [AuditTrail] })
export class AuditTrailModule {}
