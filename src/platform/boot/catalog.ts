import type { OpenAPIObject } from '@nestjs/swagger';
import { STEP_UP_EXTENSION } from '../access/decorators.js';
import { allFeatures } from '../feature/registry.js';
import type { FeatureDeclaration } from '../feature/declarations.js';

/** Returns the catalog of all declarations as Markdown, for auditors. `api` is the description of all routes. */
export function renderCatalog(api: OpenAPIObject): string {
  const features = [...allFeatures()].toSorted((a, b) => a.name.localeCompare(b.name));
  return [
    '# Catalog',
    '',
    'Generated from the declarations by `npm run docs`; do not edit. ' +
      'Ids such as M4 or E14 are explained in [claims.md](../claims.md).',
    '',
    '## Features',
    '',
    ...table(
      ['Feature', 'Description'],
      features.map(({ name, description }) => [name, description]),
    ),
    ...accessSections(features),
    ...stepUpRoutes(api),
    ...workSections(features),
    ...dataSections(features),
  ].join('\n');
}

/** Permissions, audit events, and error codes. */
function accessSections(features: readonly FeatureDeclaration[]): string[] {
  return [
    ...section(
      features,
      'Permissions',
      'permissions',
      ['Permission', 'Category', 'Scope by default', 'Description'],
      (p) => [
        p.category,
        Object.entries(p.scopes)
          .map(([scope, roles]) => `${scope}: ${roles.join(', ')}`)
          .join('; '),
        p.description,
      ],
    ),
    ...section(
      features,
      'Audit events',
      'events',
      ['Event', 'Category', 'Severity', 'Metadata', 'Real-time permission', 'Description'],
      (e) => [
        e.category,
        e.severity,
        Object.entries(e.meta ?? {})
          .map(([field, kind]) => `${field} (${kind})`)
          .join(', '),
        e.realtime?.permission ?? '',
        e.description,
      ],
    ),
    ...section(features, 'Errors', 'errors', ['Code', 'Status', 'Title'], (e) => [String(e.status), e.title]),
  ];
}

/** The routes that require a recent sign-in or step-up. They accept sessions only. */
function stepUpRoutes({ paths }: OpenAPIObject): string[] {
  const rows = Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations as Record<string, { [STEP_UP_EXTENSION]?: number }>).flatMap(([method, operation]) => {
      const minutes = operation[STEP_UP_EXTENSION];
      return minutes === undefined ? [] : [[`\`${method.toUpperCase()} ${path}\``, `${minutes} minutes`]];
    }),
  );
  return ['## Routes that require a recent sign-in', '', ...table(['Route', 'Maximum age'], rows)];
}

/** Jobs, webhook events, and schedules. */
function workSections(features: readonly FeatureDeclaration[]): string[] {
  return [
    ...section(features, 'Jobs', 'jobs', ['Job', 'Attempts', 'Time limit', 'Concurrency', 'Description'], (j) => [
      String(j.attempts),
      `${j.timeoutSeconds} s`,
      String(j.concurrency),
      j.description,
    ]),
    ...section(
      features,
      'Webhook events',
      'webhookEvents',
      ['Webhook event', 'Data', 'Order key', 'Permissions', 'Effect'],
      (w) => [w.dto.name, `\`${w.orderKey}\``, w.permissions.map((one) => `\`${one}\``).join(', '), w.description],
    ),
    ...section(
      features,
      'Schedules',
      'schedules',
      ['Schedule', 'Cron', 'Time zone', 'Runs per', 'Description'],
      (s) => [`\`${s.cron}\``, s.timezone, s.per, s.description],
    ),
  ];
}

/** Retention policies, tables, resources, personal data, and controls. */
function dataSections(features: readonly FeatureDeclaration[]): string[] {
  return [
    ...section(features, 'Retention', 'retention', ['Policy', 'Table', 'Retention', 'Minimum', 'Action'], (r) => [
      r.table,
      `${r.days} days after ${r.ageColumn}`,
      `${r.floorDays} days`,
      r.action === 'delete' ? 'deletes the rows' : `clears columns: ${r.action.clear.join(', ')}`,
    ]),
    ...section(features, 'Tables', 'tables', ['Table', 'Kind', 'Retention'], (t) => [
      t.kind,
      'reason' in t.retention ? t.retention.reason : `by ${t.retention.policies.join(', ')}`,
    ]),
    ...resources(features),
    ...personalData(features),
    ...section(features, 'Controls', 'controls', ['Control', 'Claims', 'Description'], (c) => [
      c.claims.join(', '),
      c.description,
    ]),
  ];
}

type Section =
  | 'permissions'
  | 'events'
  | 'errors'
  | 'jobs'
  | 'webhookEvents'
  | 'schedules'
  | 'retention'
  | 'tables'
  | 'controls';
type Entry<S extends Section> = NonNullable<FeatureDeclaration[S]>[string];

function section<S extends Section>(
  features: readonly FeatureDeclaration[],
  title: string,
  key: S,
  head: string[],
  row: (entry: Entry<S>) => string[],
): string[] {
  const rows = features.flatMap((feature) =>
    Object.entries(feature[key] ?? {}).map(([name, entry]) => [`\`${name}\``, ...row(entry as Entry<S>)]),
  );
  return [`## ${title}`, '', ...table(head, rows)];
}

/** Resource types: the targets of audit events and the subjects of who-can queries. */
function resources(features: readonly FeatureDeclaration[]): string[] {
  const rows = features.flatMap((feature) => [
    ...Object.entries(feature.tables ?? {}).flatMap(([name, declaration]) =>
      declaration.kind === 'tenant' && declaration.resource !== undefined
        ? [[`\`${declaration.resource}\``, `A row of \`${name}\``]]
        : [],
    ),
    ...Object.entries(feature.resources ?? {}).map(([type, { description }]) => [`\`${type}\``, description]),
  ]);
  return ['## Resources', '', ...table(['Resource', 'Description'], rows)];
}

function personalData(features: readonly FeatureDeclaration[]): string[] {
  const rows = features.flatMap(({ personalData: tables = {} }) =>
    Object.entries(tables).flatMap(([name, columns]) =>
      Object.entries(columns).map(([column, data]) => [`\`${name}.${column}\``, data.class, data.erasure]),
    ),
  );
  return ['## Personal data', '', ...table(['Column', 'Class', 'On erasure'], rows)];
}

function table(head: string[], rows: string[][]): string[] {
  const line = (cells: string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line), ''];
}
