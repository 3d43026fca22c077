import type { AuditEventType, JobName } from '../feature/registry.js';

/** What a job is told: ids, numbers and flags, never personal data. */
export type JobPayload = Readonly<Record<string, string | number | boolean>>;

/** The run under way. */
export interface JobContext {
  /** Id of the job, the same at every attempt. */
  id: string;
  orgId: string;
  /** 1 at the first attempt. */
  attempt: number;
  /** Ends when the job's time is up. */
  signal: AbortSignal;
}

/** Figures a job gives back, kept with the scheduled run that asked for it. */
export type JobCounts = Readonly<Record<string, number>>;

export interface JobOptions {
  /** Events the job may record. */
  emits?: readonly AuditEventType[];
  /**
   * 'shared' (the default): the handler runs inside one transaction with the mark that the job is done, so its effect
   * happens once. 'own': the handler opens its own transactions, because it streams or calls others in between, and
   * may be run again after a crash: it has to be repeatable.
   */
  transaction?: 'shared' | 'own';
}

export interface JobHandler extends JobOptions {
  job: JobName;
}

const HANDLER = Symbol('vouchsafe:job');

/** Makes a provider's method the handler of a declared job: `(payload, job) => counts | void`. */
export function OnJob(job: JobName, options: JobOptions = {}): MethodDecorator {
  return (_target, _key, descriptor) => {
    Reflect.defineMetadata(HANDLER, { job, ...options } satisfies JobHandler, descriptor.value as object);
  };
}

/** What a method handles; undefined when it is no job handler. */
export function jobHandler(method: object): JobHandler | undefined {
  return Reflect.getMetadata(HANDLER, method) as JobHandler | undefined;
}

/** A failure that trying again will not mend: the job is dead at once. */
export class PermanentFailure extends Error {
  constructor(
    readonly code: string,
    options?: ErrorOptions,
  ) {
    super(`the job cannot succeed: ${code}`, options);
  }
}
