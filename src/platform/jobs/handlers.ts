import { Injectable } from '@nestjs/common';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { boundMethods } from '../feature/bound-methods.js';
import { jobHandler, type JobContext, type JobCounts, type JobHandler, type JobPayload } from './on-job.js';

/** A job handler with its provider. */
export interface BoundHandler extends JobHandler {
  where: string;
  run: (payload: JobPayload, job: JobContext) => Promise<JobCounts | void>;
}

/** Collects the @OnJob methods of all providers. Throws when a job has two handlers. */
@Injectable()
export class JobHandlers {
  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
  ) {}

  byJob(): Map<string, BoundHandler> {
    const found = new Map<string, BoundHandler>();
    for (const { metadata, where, run } of boundMethods<JobHandler, BoundHandler['run']>(
      this.discovery,
      this.scanner,
      jobHandler,
    )) {
      const other = found.get(metadata.job);
      if (other !== undefined)
        throw new Error(`the job "${metadata.job}" has two handlers: ${other.where} and ${where}`);
      found.set(metadata.job, { ...metadata, where, run });
    }
    return found;
  }
}
