import { allFeatures } from '../feature/registry.js';
import type { FeatureDeclaration } from '../feature/declarations.js';

/** The catalog of everything declared, as Markdown: what an auditor reads beside the code. */
export function renderCatalog(): string {
  const features = [...allFeatures()].toSorted((a, b) => a.name.localeCompare(b.name));
  return [
    '# Catalog',
    '',
    'Written from the declarations by `npm run docs`; do not edit. ' +
      'Ids such as M4 or E14 are explained in [claims.md](../claims.md).',
    '',
    '## Features',
    '',
    ...table(
      ['Feature', 'What it is'],
      features.map(({ name, description }) => [name, description]),
    ),
    ...accessSections(features),
    ...workSections(features),
    ...dataSections(features),
  ].join('\n');
}

/** Who may do what, what is logged of it, and how it is refused. */
function accessSections(features: readonly FeatureDeclaration[]): string[] {
  return [
    ...section(
      features,
      'Permissions',
      'permissions',
      ['Permission', 'Category', 'Scope by default', 'What it allows'],
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
      'Events of the log',
      'events',
      ['Event', 'Category', 'Severity', 'Metadata', 'Live to', 'When'],
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
    ...section(features, 'Problems', 'errors', ['Code', 'Status', 'Title'], (e) => [String(e.status), e.title]),
  ];
}

/** What happens outside of requests. */
function workSections(features: readonly FeatureDeclaration[]): string[] {
  return [
    ...section(features, 'Jobs', 'jobs', ['Job', 'Attempts', 'Time limit', 'At once', 'What it does'], (j) => [
      String(j.attempts),
      `${j.timeoutSeconds} s`,
      String(j.concurrency),
      j.description,
    ]),
    ...section(features, 'Webhook events', 'webhookEvents', ['Webhook event', 'Data', 'Order key', 'Effect'], (w) => [
      w.dto.name,
      `\`${w.orderKey}\``,
      w.description,
    ]),
    ...section(features, 'Schedules', 'schedules', ['Schedule', 'Cron', 'Time zone', 'For each', 'What for'], (s) => [
      `\`${s.cron}\``,
      s.timezone,
      s.per,
      s.description,
    ]),
  ];
}

/** What is stored, for how long, and by which controls it is protected. */
function dataSections(features: readonly FeatureDeclaration[]): string[] {
  return [
    ...section(features, 'Retention', 'retention', ['Policy', 'Table', 'Kept', 'Never less than', 'Then'], (r) => [
      r.table,
      `${r.days} days after ${r.ageColumn}`,
      `${r.floorDays} days`,
      r.action === 'delete' ? 'deleted' : `emptied: ${r.action.clear.join(', ')}`,
    ]),
    ...section(features, 'Tables', 'tables', ['Table', 'Kind', 'Kept'], (t) => [
      t.kind,
      'reason' in t.retention ? t.retention.reason : `by ${t.retention.policies.join(', ')}`,
    ]),
    ...resources(features),
    ...personalData(features),
    ...section(features, 'Controls', 'controls', ['Control', 'Claims', 'What it is'], (c) => [
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

/** What audit events can name as their target, and who-can queries as their resource. */
function resources(features: readonly FeatureDeclaration[]): string[] {
  const rows = features.flatMap((feature) => [
    ...Object.entries(feature.tables ?? {}).flatMap(([name, declaration]) =>
      declaration.kind === 'tenant' && declaration.resource !== undefined
        ? [[`\`${declaration.resource}\``, `A row of \`${name}\``]]
        : [],
    ),
    ...Object.entries(feature.resources ?? {}).map(([type, { description }]) => [`\`${type}\``, description]),
  ]);
  return ['## Resources', '', ...table(['Resource', 'What it is'], rows)];
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
