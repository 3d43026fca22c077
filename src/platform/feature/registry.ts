import type {
  ErrorDeclaration,
  EventDeclaration,
  FeatureDeclaration,
  JobDeclaration,
  PermissionDeclaration,
  RetentionDeclaration,
  ScheduleDeclaration,
  TableDeclaration,
} from './declarations.js';

/** Every feature's type, merged in by the features themselves. */
// oxlint-disable-next-line typescript/no-empty-interface, typescript/no-empty-object-type -- filled by declaration
// merging
export interface FeatureMap {}

type Section = 'permissions' | 'events' | 'errors' | 'jobs' | 'schedules' | 'retention';
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

interface Declarations {
  permissions: PermissionDeclaration;
  events: EventDeclaration;
  errors: ErrorDeclaration;
  jobs: JobDeclaration;
  schedules: ScheduleDeclaration;
  retention: RetentionDeclaration;
  tables: TableDeclaration;
}

const features = new Map<string, FeatureDeclaration>();
const sections: { [S in keyof Declarations]: Map<string, Declarations[S]> } = {
  permissions: new Map(),
  events: new Map(),
  errors: new Map(),
  jobs: new Map(),
  schedules: new Map(),
  retention: new Map(),
  tables: new Map(),
};

/** Called by defineFeature; throws when the feature or one of its keys is there already. */
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
}

/** All features, in the order they were declared. */
export function allFeatures(): FeatureDeclaration[] {
  return [...features.values()];
}

/** All declarations of one section by key. */
export function declared<S extends keyof Declarations>(section: S): ReadonlyMap<string, Declarations[S]> {
  return sections[section];
}

/** The declaration behind a key; throws for a key nobody declared. */
export function declaration<S extends keyof Declarations>(section: S, key: string): Declarations[S] {
  const found = sections[section].get(key);
  if (found === undefined)
    throw new Error(
      `"${key}" is not declared under ${section} of any feature: declare it in the feature file of the module ` +
        'that uses it',
    );
  return found;
}

/** Status and title of a problem. */
export function errorDefinition(code: ErrorCode): ErrorDeclaration {
  return declaration('errors', code);
}
