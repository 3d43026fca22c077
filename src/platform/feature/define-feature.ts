import type { Role, Scope } from '../access/roles.js';
import { addFeature } from './registry.js';

/** What a role may do: `resource:action`, with the scope each role has by default. A role not named has none. */
export interface PermissionDeclaration {
  category: string;
  description: string;
  scopes: Partial<Record<Scope, readonly Role[]>>;
  /** It is about people, so that it may reach less than the organization: those assigned, or one's own record. */
  ofPeople?: true;
}

/** Shapes a metadata value of an event may take; free text has none, so that no personal data fits in. */
export type MetaKind = 'id' | 'digest' | 'code' | 'codes' | 'count' | 'flag' | 'time';

/**
 * Who hears of an event when it happens: members with the permission, at that moment. An event about a person (its target,
 * or the metadata field that `person` names) reaches only those who also see that person. Not for events that are recorded
 * before anybody is known, such as a failed sign-in.
 */
export interface LiveDeclaration {
  permission: string;
  person?: string;
}

/** One type of entry in the log, with the only metadata fields it may carry. */
export interface EventDeclaration {
  category: string;
  severity: 'info' | 'notice' | 'warning';
  description: string;
  meta?: Readonly<Record<string, MetaKind>>;
  /** Sent to listeners of `/v1/events` too: its type, target and time, nothing else. */
  live?: LiveDeclaration;
  /** Recorded by the platform on any route, so no route has to name it. */
  ambient?: true;
  /** Recorded by operators' commands alone. */
  operator?: true;
}

/** A problem a client may be told of (RFC 9457): the code is stable, the title is shown. */
export interface ErrorDeclaration {
  status: number;
  title: string;
}

/** Work done by the worker. Attempts back off exponentially from `backoffSeconds`; after the last the job is dead. */
export interface JobDeclaration {
  description: string;
  attempts: number;
  backoffSeconds: number;
  timeoutSeconds: number;
  concurrency: number;
}

/** When a job runs by itself: five-field cron, once for each organization or once for the installation. */
export interface ScheduleDeclaration {
  description: string;
  cron: string;
  timezone: string;
  job: string;
  per: 'organization' | 'installation';
}

/**
 * How long rows are kept. A row is due when `ageColumn` lies more than `days` back (never fewer than `floorDays`).
 * `where` is fixed SQL that narrows the rows further; `clear` empties columns instead of deleting the row;
 * `objectColumn` names the column with the key of a stored object that goes with it.
 */
export interface RetentionDeclaration {
  description: string;
  table: string;
  ageColumn: string;
  days: number;
  floorDays: number;
  action: 'delete' | { clear: readonly string[] };
  where?: string;
  objectColumn?: string;
}

/** The class of a column that holds something about a person, and what an erasure does to it. */
export interface PersonalDataDeclaration {
  class: 'public' | 'internal' | 'PII' | 'PHI';
  erasure: 'destroy-key' | 'delete' | 'keep';
}

/** A table: of one tenant each row, or of the whole installation; kept by the named policies, or for a written reason. */
export interface TableDeclaration {
  kind: 'tenant' | 'installation';
  retention: { policies: readonly string[] } | { keep: string };
}

/** A control that makes claims true. */
export interface ControlDeclaration {
  claims: readonly string[];
  description: string;
}

/** Everything a feature declares; guards, catalogues, schedules, retention and tests are derived from it. */
export interface FeatureDeclaration {
  name: string;
  description: string;
  permissions?: Readonly<Record<string, PermissionDeclaration>>;
  events?: Readonly<Record<string, EventDeclaration>>;
  errors?: Readonly<Record<string, ErrorDeclaration>>;
  jobs?: Readonly<Record<string, JobDeclaration>>;
  schedules?: Readonly<Record<string, ScheduleDeclaration>>;
  retention?: Readonly<Record<string, RetentionDeclaration>>;
  personalData?: Readonly<Record<string, Readonly<Record<string, PersonalDataDeclaration>>>>;
  tables?: Readonly<Record<string, TableDeclaration>>;
  controls?: Readonly<Record<string, ControlDeclaration>>;
}

/**
 * Declares a feature: data only, no callbacks. Beside it the module merges its type into `FeatureMap`, which makes its
 * keys part of the unions `Permission`, `AuditEventType`, `JobName`, `ErrorCode` and `ScheduleName`.
 * Throws when a key is declared twice.
 */
export function defineFeature<const F extends FeatureDeclaration>(feature: F): F {
  addFeature(feature);
  return feature;
}
