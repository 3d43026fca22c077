import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { functionDigest } from '../database/function-sync.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import { responseTypeOf } from '../http/response-type.js';
import { JobHandlers, type BoundHandler } from '../jobs/handlers.js';
import { allFeatures, declared } from '../feature/registry.js';
import { allRoutes, type Route } from './routes.js';
import { WebhookEventHandlers } from '../webhooks/webhook-event-handlers.js';
import { webhookEventProblems } from '../webhooks/webhook-event-problems.js';
import { catalogueDigest } from '../policies/sync.js';
import { named, ROW_COMMANDS } from '../policies/row-policies.js';

/**
 * Holds the code against what the features declare, and refuses to start when they differ. Each message says what to
 * write where. What the database has to hold (forced row security, classified columns) is checked against its own
 * catalog by the tests, because the application's role may not see all of it.
 */
@Injectable()
export class BootChecks implements OnApplicationBootstrap {
  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
    private readonly handlers: JobHandlers,
    private readonly webhookEvents: WebhookEventHandlers,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    const problems = this.problems();
    if (problems.length > 0)
      throw new Error(
        `The code and its declarations differ:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`,
      );
    const [row] = await this.unitOfWork.queryOnce<{ rules: string | null; functions: string | null }>(
      'SELECT app.access_rules_digest() AS rules, app.function_digest() AS functions',
    );
    if (row!.functions !== functionDigest())
      throw new Error('the database contains the SQL functions of another version: run `vouchsafe migrate`');
    if (row!.rules !== catalogueDigest())
      throw new Error('the database carries the access rules of other code: run `vouchsafe migrate`');
  }

  problems(): string[] {
    const routes = allRoutes(this.discovery, this.scanner);
    const handlers = [...this.handlers.byJob().values()];
    const webhookEvents = this.webhookEvents.byEvent();
    return [
      ...routes.flatMap(routeProblems),
      ...permissionProblems(routes),
      ...eventProblems(routes, [...handlers, ...webhookEvents.values()]),
      ...liveProblems(),
      ...jobProblems(handlers),
      ...webhookEventProblems(webhookEvents),
      ...retentionProblems(),
      ...rowRuleProblems(),
      ...resourceProblems(),
    ];
  }
}

/** The one spelling of resources and of event categories. */
const KEBAB_CASE = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;

function routeProblems({ method, path, where, handler, mutating, policy }: Route): string[] {
  const route = `${method} ${path} (${where})`;
  if (policy === undefined)
    return [`${route} declares no access: put @Access('resource:action') or @Public('reason') on it`];
  const problems: string[] = [];
  if (policy.kind === 'public' && policy.reason.trim().length < 10)
    problems.push(`${route} is public without a reason: write why in @Public('…')`);
  if (mutating && (policy.emits ?? []).length === 0)
    problems.push(`${route} changes something and declares no event: add emits: ['…'] to its @Access or @Public`);
  if (mutating && policy.kind === 'access' && policy.permission === 'signed-in' && !policy.interactiveOnly)
    problems.push(
      `${route} changes something for every member: give it a permission, or add interactiveOnly: true, because API ` +
        'keys act by permissions alone',
    );
  if (responseTypeOf(handler) === undefined)
    problems.push(
      `${route} declares no response: put @ResponseType(ResponseClass) on it, so that only listed fields leave`,
    );
  return problems;
}

function permissionProblems(routes: readonly Route[]): string[] {
  const used = new Set([
    ...routes.flatMap(({ policy }) => (policy?.kind === 'access' ? [policy.permission as string] : [])),
    ...permissionsOfRows(),
  ]);
  used.delete('signed-in');
  const narrowed = [...declared('permissions')].filter(
    ([, { scopes, personScoped }]) => !personScoped && (scopes.assigned ?? scopes.own) !== undefined,
  );
  return [
    ...differences(
      'permission',
      [...declared('permissions').keys()],
      used,
      'put @Access with it on a route, or name it in the rules of a table',
    ),
    ...narrowed.map(
      ([key]) =>
        `permission "${key}" is given to roles for less than the organization and is not about people: add ` +
        'personScoped: true, and narrow what its handler reaches',
    ),
  ];
}

function eventProblems(routes: readonly Route[], handlers: readonly Pick<BoundHandler, 'emits'>[]): string[] {
  const used = new Set<string>([
    ...routes.flatMap(({ policy }) => policy?.emits ?? []),
    ...handlers.flatMap(({ emits }) => emits ?? []),
  ]);
  const needed = [...declared('events')]
    .filter(([, event]) => event.implicit === undefined && event.operator === undefined)
    .map(([type]) => type);
  return differences('event', needed, used, 'name it in emits of the route or job that records it', [
    ...declared('events').keys(),
  ]);
}

function liveProblems(): string[] {
  const table = declared('tables').get('realtime_events');
  const shown = table?.kind === 'tenant' ? named(table.rows.select) : [];
  return [...declared('events')].flatMap(([type, { realtime: live, meta = {} }]) =>
    live === undefined
      ? []
      : [
          ...(shown.includes(live.permission)
            ? []
            : [
                `event "${type}" goes live to holders of "${live.permission}", whom table "realtime_events" does ` +
                  'not show it: add the permission to select of its rows',
              ]),
          ...(live.person === undefined || meta[live.person] === 'id'
            ? []
            : [`event "${type}" names "${live.person}" as the person it is about: declare it in meta as an id`]),
        ],
  );
}

function jobProblems(handlers: readonly BoundHandler[]): string[] {
  const scheduled = [...declared('schedules')].filter(([, { job }]) => !declared('jobs').has(job));
  return [
    ...differences(
      'job',
      [...declared('jobs').keys()],
      new Set(handlers.map(({ job }) => job as string)),
      "put @OnJob with it on a provider's method",
    ),
    ...scheduled.map(([name, { job }]) => `schedule "${name}" runs the job "${job}", which no feature declares`),
  ];
}

function retentionProblems(): string[] {
  const policies = declared('retention');
  const tables = declared('tables');
  return [
    ...[...tables].flatMap(([table, { retention }]) =>
      ('reason' in retention ? [] : retention.policies)
        .filter((policy) => policies.get(policy)?.table !== table)
        .map((policy) => `table "${table}" names the retention policy "${policy}", which is not declared for it`),
    ),
    ...[...policies]
      .filter(([, { table }]) => !tables.has(table))
      .map(
        ([name, { table }]) => `retention policy "${name}" is about the table "${table}", which no feature declares`,
      ),
    ...[...policies]
      .filter(([, { days, floorDays }]) => days < floorDays)
      .map(([name]) => `retention policy "${name}" keeps rows for less than its floor`),
    ...allFeatures()
      .filter(({ description }) => description.trim() === '')
      .map(({ name }) => `feature "${name}" has no description`),
  ];
}

/** Permissions that decide about rows: a route open to every member may leave it to them what it shows and changes. */
function permissionsOfRows(): string[] {
  return [...declared('tables').values()]
    .flatMap((table) =>
      table.kind === 'installation' ? [] : ROW_COMMANDS.flatMap((command) => named(table.rows[command])),
    )
    .filter((permission) => declared('permissions').has(permission));
}

function rowRuleProblems(): string[] {
  return [...declared('tables')].flatMap(([table, declaration]) =>
    declaration.kind === 'installation'
      ? []
      : ROW_COMMANDS.flatMap((command) => named(declaration.rows[command]))
          .filter((permission) => permission !== 'signed-in' && !declared('permissions').has(permission))
          .map(
            (permission) =>
              `the rules of table "${table}" name the permission "${permission}", which no feature declares`,
          ),
  );
}

function resourceProblems(): string[] {
  const things = [...declared('tables')].flatMap(([table, declaration]) =>
    declaration.kind === 'tenant' && declaration.resource !== undefined
      ? [{ table, resource: declaration.resource }]
      : [],
  );
  const alone = [...declared('resources').keys()];
  const types = [...alone, ...things.map(({ resource }) => resource)];
  return [
    ...[...Map.groupBy(things, ({ resource }) => resource)]
      .filter(([, tables]) => tables.length > 1)
      .map(
        ([resource, tables]) =>
          `the tables ${tables.map(({ table }) => `"${table}"`).join(' and ')} are both called "${resource}": give one another name`,
      ),
    ...things
      .filter(({ resource }) => alone.includes(resource))
      .map(
        ({ table, resource }) =>
          `resource "${resource}" is declared on its own and for the table "${table}": remove it from resources`,
      ),
    ...types
      .filter((type) => !KEBAB_CASE.test(type))
      .map(
        (type) => `resource "${type}" is not in kebab-case: write it as "${type.toLowerCase().replaceAll('_', '-')}"`,
      ),
    ...[...declared('events')]
      .filter(([, { category }]) => !KEBAB_CASE.test(category))
      .map(
        ([type, { category }]) => `event "${type}" has the category "${category}": write the category in kebab-case`,
      ),
  ];
}

/** What is needed and not used, and what is used and not declared. */
function differences(
  kind: string,
  needed: readonly string[],
  used: ReadonlySet<string>,
  mend: string,
  known: readonly string[] = needed,
): string[] {
  return [
    ...needed
      .filter((key) => !used.has(key))
      .map((key) => `${kind} "${key}" is declared and used nowhere: ${mend}, or remove it`),
    ...[...used]
      .filter((key) => !known.includes(key))
      .map((key) => `${kind} "${key}" is used and not declared: declare it in the module's feature file`),
  ];
}
