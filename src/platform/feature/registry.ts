import type {
  ErrorDeclaration,
  EventDeclaration,
  FeatureDeclaration,
  JobDeclaration,
  PermissionDeclaration,
  ResourceDeclaration,
  RetentionDeclaration,
  ScheduleDeclaration,
  TableDeclaration,
  WebhookEventDeclaration,
} from './declarations.js';

/** The types of all features. Each feature file adds its own by declaration merging. */
// oxlint-disable-next-line typescript/no-empty-interface, typescript/no-empty-object-type -- filled by declaration
// merging
export interface FeatureMap {}

type Section = 'permissions' | 'events' | 'errors' | 'jobs' | 'schedules' | 'retention' | 'webhookEvents' | 'resources';
type Keys<S extends Section> = {
  [F in keyof FeatureMap]: FeatureMap[F] extends { readonly [K in S]: infer Entries }
    ? Extract<keyof Entries, string>
    : never;
}[keyof FeatureMap];

export type Permission = Keys<'permissions'>;
export type AuditEventType = Keys<'events'>;
export type ErrorCode = Keys<'errors'>;
export type JobName = Keys<'jobs'>;
export type ScheduleName = Keys<'schedules'>;
export type RetentionPolicyName = Keys<'retention'>;
export type WebhookEventName = Keys<'webhookEvents'>;

/** The `data` of a webhook event, as the DTO of its declaration describes it. */
export type WebhookEventData<N extends WebhookEventName> = {
  [F in keyof FeatureMap]: FeatureMap[F] extends { readonly webhookEvents: infer Entries }
    ? { [K in N & keyof Entries]: Entries[K] extends { dto: new () => infer Data } ? Data : never }[N & keyof Entries]
    : never;
}[keyof FeatureMap];

type TableResource = {
  [F in keyof FeatureMap]: FeatureMap[F] extends { readonly tables: infer Tables }
    ? { [T in keyof Tables]: Tables[T] extends { readonly resource: infer R extends string } ? R : never }[keyof Tables]
    : never;
}[keyof FeatureMap];

/** The resource types of audit event targets: those of tables and standalone ones. */
export type ResourceType = TableResource | Keys<'resources'>;

interface Declarations {
  permissions: PermissionDeclaration;
  events: EventDeclaration;
  errors: ErrorDeclaration;
  jobs: JobDeclaration;
  schedules: ScheduleDeclaration;
  retention: RetentionDeclaration;
  tables: TableDeclaration;
  webhookEvents: WebhookEventDeclaration;
  resources: ResourceDeclaration;
}

const features = new Map<string, FeatureDeclaration>();
const resourceTypes = new Set<string>();
const sections: { [S in keyof Declarations]: Map<string, Declarations[S]> } = {
  permissions: new Map(),
  events: new Map(),
  errors: new Map(),
  jobs: new Map(),
  schedules: new Map(),
  retention: new Map(),
  tables: new Map(),
  webhookEvents: new Map(),
  resources: new Map(),
};

/** Registers a feature for `defineFeature`. Throws when the feature or one of its keys already exists. */
export function addFeature(feature: FeatureDeclaration): void {
  if (features.has(feature.name)) throw new Error(`feature "${feature.name}" is declared twice`);
  features.set(feature.name, feature);
  for (const section of Object.keys(sections) as (keyof Declarations)[]) {
    const entries = sections[section] as Map<string, unknown>;
    for (const [key, entry] of Object.entries(feature[section] ?? {})) {
      if (entries.has(key))
        throw new Error(`${section} "${key}" is declared twice, the second time by feature "${feature.name}"`);
      entries.set(key, entry);
    }
  }
  for (const table of Object.values(feature.tables ?? {}))
    if (table.kind === 'tenant' && table.resource !== undefined) resourceTypes.add(table.resource);
  for (const type of Object.keys(feature.resources ?? {})) resourceTypes.add(type);
}

/** Returns all features in the order of their declaration. */
export function allFeatures(): FeatureDeclaration[] {
  return [...features.values()];
}

/** Returns all declarations of a section by key. */
export function declared<S extends keyof Declarations>(section: S): ReadonlyMap<string, Declarations[S]> {
  return sections[section];
}

/** Returns the declaration of a key; throws when the key is not declared. */
export function declaration<S extends keyof Declarations>(section: S, key: string): Declarations[S] {
  const found = sections[section].get(key);
  if (found === undefined)
    throw new Error(
      `"${key}" is not declared under ${section} of any feature: declare it in the feature file of the module ` +
        'that uses it',
    );
  return found;
}

/** Returns true if a feature declares this resource type, for a table or standalone. */
export function isResourceType(type: string): type is ResourceType {
  return resourceTypes.has(type);
}

/** Returns the status and title of an error code. */
export function errorDefinition(code: ErrorCode): ErrorDeclaration {
  return declaration('errors', code);
}
