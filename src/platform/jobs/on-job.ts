import type { AuditEventType, JobName } from '../feature/registry.js';

/** The payload of a job: ids, numbers, and flags, but no personal data. */
export type JobPayload = Readonly<Record<string, string | number | boolean>>;

/** The current run of a job. */
export interface JobContext {
  /** The id of the job, equal for all attempts. */
  id: string;
  orgId: string;
  /** The number of the attempt, starting at 1. */
  attempt: number;
  /** Aborts when the timeout of the job expires. */
  signal: AbortSignal;
}

/** Counts that a job returns, stored with its scheduled run. */
export type JobCounts = Readonly<Record<string, number>>;

export interface JobOptions {
  /** The events that the job can record. */
  emits?: readonly AuditEventType[];
  /**
   * With 'shared' (the default), the handler runs in one transaction with the completion mark, so that its effect
   * happens once. With 'own', the handler opens its own transactions, because it streams or calls external systems. It
   * can run again after a crash and must be idempotent.
   */
  transaction?: 'shared' | 'own';
}

export interface JobHandler extends JobOptions {
  job: JobName;
}

const HANDLER = Symbol('vouchsafe:job');

/** Declares a provider method as the handler of a job: `(payload, job) => counts | void`. */
export function OnJob(job: JobName, options: JobOptions = {}): MethodDecorator {
  return (_target, _key, descriptor) => {
    Reflect.defineMetadata(HANDLER, { job, ...options } satisfies JobHandler, descriptor.value as object);
  };
}

/** Returns the job that a method handles, or undefined. */
export function jobHandler(method: object): JobHandler | undefined {
  return Reflect.getMetadata(HANDLER, method) as JobHandler | undefined;
}

/** Thrown when a retry cannot succeed. The job fails without further attempts. */
export class PermanentFailure extends Error {
  constructor(
    readonly code: string,
    options?: ErrorOptions,
  ) {
    super(`the job cannot succeed: ${code}`, options);
  }
}
