import type { Role, Scope } from './roles.js';

/** A permission: `resource:action`, with the default scope of each role. Other roles do not have it. */
export interface PermissionDeclaration {
  category: string;
  description: string;
  scopes: Partial<Record<Scope, readonly Role[]>>;
  /** True for a permission about people. Its scope can be `assigned` or `own`. */
  personScoped?: true;
}

/**
 * The kinds of metadata values. There is no kind for free text, which excludes personal data. `code` is for keys that
 * the code declares. `role` is for role keys, which members choose. `amount` is a measured number of any size.
 */
export type MetaKind = 'id' | 'digest' | 'code' | 'codes' | 'role' | 'count' | 'amount' | 'flag' | 'time';

/**
 * The members who receive an event in real time: those who hold the permission at that moment. A person-scoped
 * permission applies within its scope to the person who is the target of the event or whom the metadata field `person`
 * names. Not for events without an identified actor, such as a failed sign-in.
 */
export interface RealtimeDeclaration {
  permission: string;
  person?: string;
}

/** An audit event type with its allowed metadata fields. */
export interface EventDeclaration {
  category: string;
  severity: 'info' | 'notice' | 'warning' | 'critical';
  description: string;
  meta?: Readonly<Record<string, MetaKind>>;
  /** Also sent to subscribers of `/v1/events`, with type, target, and time only. */
  realtime?: RealtimeDeclaration;
  /** True for events that the platform records on any route. Routes do not declare them. */
  implicit?: true;
  /** True for events that only CLI commands record. */
  operator?: true;
}

/** A problem that the API can return (RFC 9457). The code is stable and the title is shown to users. */
export interface ErrorDeclaration {
  status: number;
  title: string;
  /** What the user can do. The page of the problem shows it; programs get `detail` only. */
  advice?: string;
  /** The SCIM error type (RFC 7644 section 3.12, table 9), if there is one. */
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

/**
 * A job of the worker. Retries back off exponentially from `backoffSeconds`; after the last attempt the job has failed.
 */
export interface JobDeclaration {
  description: string;
  attempts: number;
  backoffSeconds: number;
  timeoutSeconds: number;
  concurrency: number;
  /**
   * Permissions of which a member needs one, with any scope, to enqueue the job. Without this list, only jobs and
   * operators can enqueue it.
   */
  enqueuePermissions?: readonly string[];
  /** Also runs for a suspended organization; other jobs wait until it is resumed. Uses a separate group key. */
  runWhenSuspended?: true;
}

/**
 * A webhook event type. `dto` validates the `data` of the event; other fields are ignored. `orderKey` names the field
 * of `data` that identifies the record within its resource, the first part of the event type. Deliveries of a source
 * about one record are processed in order of arrival, and an event older than the newest applied one has no effect.
 * `permissions` are those that the effect of the event needs: the member who is responsible for the source must hold
 * all of them with the scope `org`.
 */
export interface WebhookEventDeclaration {
  description: string;
  dto: new () => object;
  orderKey: string;
  permissions: readonly [string, ...string[]];
}

/**
 * A schedule of a job: five-field cron in the local time of an IANA time zone, once per organization or once per
 * installation. A local time that a switch to daylight saving time skips runs at the switch, and a local time that a
 * switch repeats runs once.
 */
export interface ScheduleDeclaration {
  description: string;
  cron: string;
  timezone: string;
  job: string;
  per: 'organization' | 'installation';
}

/**
 * How long rows are kept. A row is due when `ageColumn` is more than `days` in the past; `days` is at least
 * `floorDays`. `where` is fixed SQL that restricts the rows. `clear` empties columns instead of deleting the row.
 * `objectColumn` names the column with the key of a stored object, which is deleted with the row.
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

/** The class of a column with personal data, and the effect of an erasure. */
export interface PersonalDataDeclaration {
  class: 'public' | 'internal' | 'PII' | 'PHI';
  erasure: 'destroy-key' | 'delete' | 'keep';
}

/** One permission, one of several permissions, or every member. */
export type PermissionList = string | readonly string[];

/**
 * The commands that a member can run on the rows of a tenant table, including raw SQL in a session. `migrate` creates
 * row policies from these rules, and access explanations use them. Members cannot run a command that is not listed.
 * Jobs and operators act as the system and are not limited.
 *
 * `person` is the column with the person of a row; person-scoped permissions then apply within their scope.
 * `permission` is the column with the permission that is required to read the row, one of those that `select` lists.
 * `own` is the column with the membership that owns a row, and the commands that this member can run without a
 * permission. An API key always needs a permission.
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
 * A table. Its rows belong to one tenant each, or to the installation. Retention policies delete its rows, or a reason
 * states why not. `resource` is the resource type of a row in who-can queries and audit events; the column `id` is then
 * its id.
 */
export type TableDeclaration = { retention: { policies: readonly string[] } | { reason: string } } & (
  | { kind: 'tenant'; rows: RowRules; resource?: string }
  | { kind: 'installation' }
);

/**
 * A resource type of audit event targets that is not a row of a tenant table with an id. Examples are a row of an
 * installation table, a digest, or a declaration. The key is in kebab-case.
 */
export interface ResourceDeclaration {
  description: string;
}

/** A security control and the claims that it supports. */
export interface ControlDeclaration {
  claims: readonly string[];
  description: string;
}

/** All declarations of a feature. Guards, catalogs, schedules, retention, and tests use them. */
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
