import { Injectable } from '@nestjs/common';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { jobHandler, type JobContext, type JobCounts, type JobHandler, type JobPayload } from './on-job.js';

/** A job's handler with the provider it belongs to. */
export interface BoundHandler extends JobHandler {
  where: string;
  run: (payload: JobPayload, job: JobContext) => Promise<JobCounts | void>;
}

/** Finds every method under @OnJob; two for one job are refused. */
@Injectable()
export class JobHandlers {
  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
  ) {}

  byJob(): Map<string, BoundHandler> {
    const found = new Map<string, BoundHandler>();
    for (const { instance, name } of this.discovery.getProviders()) {
      if (instance === null || typeof instance !== 'object') continue;
      const prototype = Object.getPrototypeOf(instance) as Record<string, BoundHandler['run']>;
      if (prototype === null) continue;
      for (const method of this.scanner.getAllMethodNames(prototype)) {
        const handler = jobHandler(prototype[method]!);
        if (handler === undefined) continue;
        const where = `${String(name)}.${method}`;
        const other = found.get(handler.job);
        if (other !== undefined)
          throw new Error(`the job "${handler.job}" has two handlers: ${other.where} and ${where}`);
        found.set(handler.job, { ...handler, where, run: prototype[method]!.bind(instance) });
      }
    }
    return found;
  }
}
