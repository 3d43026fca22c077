import type { Role, Scope } from './roles.js';

/** What a role may do: `resource:action`, with the scope each role has by default. A role not named has none. */
export interface PermissionDeclaration {
  category: string;
  description: string;
  scopes: Partial<Record<Scope, readonly Role[]>>;
  /** It is about people, so that it may reach less than the organization: those assigned, or one's own record. */
  personScoped?: true;
}

/** Shapes a metadata value of an event may take; free text has none, so that no personal data fits in. */
export type MetaKind = 'id' | 'digest' | 'code' | 'codes' | 'count' | 'flag' | 'time';

/**
 * Who hears of an event when it happens: members who hold the permission at that moment. One that is about people
 * reaches
 * as far as its scope, by the person who is the event's target or whom its metadata names in the field `person`.
 * Not for events recorded before anybody is known, such as a failed sign-in.
 */
export interface RealtimeDeclaration {
  permission: string;
  person?: string;
}

/** One type of entry in the log, with the only metadata fields it may carry. */
export interface EventDeclaration {
  category: string;
  severity: 'info' | 'notice' | 'warning' | 'critical';
  description: string;
  meta?: Readonly<Record<string, MetaKind>>;
  /** Sent to listeners of `/v1/events` too: its type, target and time, nothing else. */
  realtime?: RealtimeDeclaration;
  /** Recorded by the platform on any route, so no route has to name it. */
  implicit?: true;
  /** Recorded by operators' commands alone. */
  operator?: true;
}

/** A problem a client may be told of (RFC 9457): the code is stable, the title is shown. */
export interface ErrorDeclaration {
  status: number;
  title: string;
  /** What SCIM calls it (RFC 7644 section 3.12, table 9), where it has a word for it. */
  scimType?:
    | 'invalidFilter'
    | 'uniqueness'
    | 'mutability'
    | 'invalidSyntax'
    | 'invalidPath'
    | 'noTarget'
    | 'invalidValue'
    | 'tooMany';
}

/** Work done by the worker. Attempts back off exponentially from `backoffSeconds`; after the last the job is dead. */
export interface JobDeclaration {
  description: string;
  attempts: number;
  backoffSeconds: number;
  timeoutSeconds: number;
  concurrency: number;
  /**
   * Permissions of which a member needs one, however far it reaches, to have it done; without, only jobs and operators
   * ask for it.
   */
  enqueuePermissions?: readonly string[];
  /**
   * A duty, done for an organization that is suspended too; other jobs of it wait until it is resumed. Runs in its own
   * lane.
   */
  runWhenSuspended?: true;
}

/**
 * One type of event that webhook sources deliver. `dto` validates the `data` of the event; `orderKey` names the field of
 * `data` that identifies the record: the deliveries of a source with one value are applied in the order of arrival.
 */
export interface WebhookEventDeclaration {
  description: string;
  dto: new () => object;
  orderKey: string;
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

/** One permission, any of several, or every member. */
export type PermissionList = string | readonly string[];

/**
 * What a member may do to the rows of a tenant table, from within their session and by raw SQL. `migrate` makes row
 * policies of it, and access is explained from it. A command that is not named is closed to members; jobs and
 * operators,
 * who act as the system, pass.
 *
 * `person` is the column with the person a row hangs on: permissions that are about people then reach as far as their
 * scope. `permission` is the column in which a row names the one permission, of those that `select` lists, that shows
 * it.
 * `own` is the column with the membership a row belongs to, and what that member may do to it in person, without any
 * permission; an API key does nothing that its permissions do not name.
 */
export interface RowRules {
  person?: string;
  permission?: string;
  own?: { column: string; commands: readonly RowCommand[] };
  select?: PermissionList;
  insert?: PermissionList;
  update?: PermissionList;
  delete?: PermissionList;
}

export type RowCommand = 'select' | 'insert' | 'update' | 'delete';

/**
 * A table: of one tenant each row, or of the whole installation; kept by the named policies, or for a written reason.
 * `resource` is what one row of it is called where people ask who can reach it, and as the target of entries in the
 * log;
 * its column `id` is then its id.
 */
export type TableDeclaration = { retention: { policies: readonly string[] } | { reason: string } } & (
  | { kind: 'tenant'; rows: RowRules; resource?: string }
  | { kind: 'installation' }
);

/**
 * A type of thing that audit events name as their target and that is not a row of a tenant table with an id: a row of an
 * installation table, a digest, or a declaration. The key is in kebab-case.
 */
export interface ResourceDeclaration {
  description: string;
}

/** A control that makes claims true. */
export interface ControlDeclaration {
  claims: readonly string[];
  description: string;
}

/** Everything a feature declares; guards, catalogs, schedules, retention and tests are derived from it. */
export interface FeatureDeclaration {
  name: string;
  description: string;
  permissions?: Readonly<Record<string, PermissionDeclaration>>;
  events?: Readonly<Record<string, EventDeclaration>>;
  errors?: Readonly<Record<string, ErrorDeclaration>>;
  jobs?: Readonly<Record<string, JobDeclaration>>;
  webhookEvents?: Readonly<Record<string, WebhookEventDeclaration>>;
  schedules?: Readonly<Record<string, ScheduleDeclaration>>;
  retention?: Readonly<Record<string, RetentionDeclaration>>;
  personalData?: Readonly<Record<string, Readonly<Record<string, PersonalDataDeclaration>>>>;
  tables?: Readonly<Record<string, TableDeclaration>>;
  resources?: Readonly<Record<string, ResourceDeclaration>>;
  controls?: Readonly<Record<string, ControlDeclaration>>;
}
