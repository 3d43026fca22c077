import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { functionDigest } from '../database/function-sync.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import { responseTypeOf } from '../http/response-type.js';
import { JobHandlers, type BoundHandler } from '../jobs/handlers.js';
import { isTimetable } from '../jobs/slots.js';
import { allFeatures, declared } from '../feature/registry.js';
import { allRoutes, type Route } from './routes.js';
import { WebhookEventHandlers } from '../webhooks/webhook-event-handlers.js';
import { webhookEventProblems } from '../webhooks/webhook-event-problems.js';
import { accessRulesDigest } from '../policies/sync.js';
import { named, ROW_COMMANDS } from '../policies/row-policies.js';

/**
 * Compares the code with the feature declarations and stops the boot when they differ. Each message says what to add or
 * remove. The tests check the database catalog (forced row-level security, classified columns), because the role of the
 * application cannot read all of it.
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
    const [row] = await this.unitOfWork.queryAtStart<{ rules: string | null; functions: string | null }>(
      'SELECT app.access_rules_digest() AS rules, app.function_digest() AS functions',
    );
    if (row!.functions !== functionDigest())
      throw new Error('the database contains the SQL functions of another version: run `vouchsafe migrate`');
    if (row!.rules !== accessRulesDigest())
      throw new Error('the database contains the access rules of another version: run `vouchsafe migrate`');
  }

  problems(): string[] {
    const routes = allRoutes(this.discovery, this.scanner);
    const handlers = [...this.handlers.byJob().values()];
    const webhookEvents = this.webhookEvents.byEvent();
    return [
      ...routes.flatMap(routeProblems),
      ...permissionProblems(routes),
      ...eventProblems(routes, [...handlers, ...webhookEvents.values()]),
      ...realtimeProblems(),
      ...jobProblems(handlers),
      ...webhookEventProblems(webhookEvents),
      ...retentionProblems(),
      ...rowRuleProblems(),
      ...resourceProblems(),
    ];
  }
}

/** The required spelling of resource types and event categories. */
const KEBAB_CASE = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;

function routeProblems({ method, path, where, handler, mutating, policy }: Route): string[] {
  const route = `${method} ${path} (${where})`;
  if (policy === undefined)
    return [`${route} declares no access: put @Access('resource:action') or @Public('reason') on it`];
  const problems: string[] = [];
  if (policy.kind === 'public' && policy.reason.trim().length < 10)
    problems.push(`${route} is public without a reason: write why in @Public('…')`);
  if (policy.kind === 'public' && policy.otherOrigins !== undefined && policy.otherOrigins.trim().length < 10)
    problems.push(`${route} accepts other origins without a reason: write why in otherOrigins`);
  if (mutating && (policy.emits ?? []).length === 0)
    problems.push(`${route} is a mutation and declares no event: add emits: ['…'] to its @Access or @Public`);
  if (mutating && policy.kind === 'access' && policy.permission === 'signed-in' && !policy.interactiveOnly)
    problems.push(
      `${route} is a mutation for every member: add a permission, or add interactiveOnly: true, because API keys ` +
        'need a permission',
    );
  if (responseTypeOf(handler) === undefined)
    problems.push(
      `${route} declares no response: put @ResponseType(ResponseClass) on it, so that the response contains only ` +
        'declared fields',
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
      'use it in @Access of a route, or in the rules of a table',
    ),
    ...narrowed.map(
      ([key]) =>
        `permission "${key}" has roles with a scope below the organization but is not person-scoped: add ` +
        'personScoped: true, and limit its handler to that scope',
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
  return differences('event', needed, used, 'add it to emits of the route or job that records it', [
    ...declared('events').keys(),
  ]);
}

function realtimeProblems(): string[] {
  const table = declared('tables').get('realtime_events');
  const shown = table?.kind === 'tenant' ? named(table.rows.select) : [];
  return [...declared('events')].flatMap(([type, { realtime, meta = {} }]) =>
    realtime === undefined
      ? []
      : [
          ...(shown.includes(realtime.permission)
            ? []
            : [
                `event "${type}" is sent in real time to members with "${realtime.permission}", but the rows of ` +
                  'table "realtime_events" are not readable with it: add the permission to select of its rows',
              ]),
          ...(realtime.person === undefined || meta[realtime.person] === 'id'
            ? []
            : [`event "${type}" has the person field "${realtime.person}": declare it in meta as an id`]),
        ],
  );
}

function jobProblems(handlers: readonly BoundHandler[]): string[] {
  const schedules = [...declared('schedules')];
  const scheduled = schedules.filter(([, { job }]) => !declared('jobs').has(job));
  const untimed = schedules.filter(([, schedule]) => !isTimetable(schedule));
  return [
    ...differences(
      'job',
      [...declared('jobs').keys()],
      new Set(handlers.map(({ job }) => job as string)),
      'add a provider method with @OnJob',
    ),
    ...scheduled.map(([name, { job }]) => `schedule "${name}" runs the job "${job}", which no feature declares`),
    ...untimed.map(
      ([name]) => `schedule "${name}" never runs: correct its cron expression (five fields) or its IANA time zone`,
    ),
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
        ([name, { table }]) => `retention policy "${name}" refers to the table "${table}", which no feature declares`,
      ),
    ...[...policies]
      .filter(([, { days, floorDays }]) => days < floorDays)
      .map(([name]) => `retention policy "${name}" keeps rows for less than its floor`),
    ...allFeatures()
      .filter(({ description }) => description.trim() === '')
      .map(({ name }) => `feature "${name}" has no description`),
  ];
}

/** Returns the permissions in row rules. A route for every member can leave the decision to the row policies. */
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
  const tableResources = [...declared('tables')].flatMap(([table, declaration]) =>
    declaration.kind === 'tenant' && declaration.resource !== undefined
      ? [{ table, resource: declaration.resource }]
      : [],
  );
  const standalone = [...declared('resources').keys()];
  const types = [...standalone, ...tableResources.map(({ resource }) => resource)];
  return [
    ...[...Map.groupBy(tableResources, ({ resource }) => resource)]
      .filter(([, tables]) => tables.length > 1)
      .map(
        ([resource, tables]) =>
          `the tables ${tables.map(({ table }) => `"${table}"`).join(' and ')} both have the resource "${resource}": ` +
          'rename one',
      ),
    ...tableResources
      .filter(({ resource }) => standalone.includes(resource))
      .map(
        ({ table, resource }) =>
          `resource "${resource}" is declared in resources and for the table "${table}": remove it from resources`,
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

/** Returns a message for each declared key that is never used and each used key that is not declared. */
function differences(
  kind: string,
  needed: readonly string[],
  used: ReadonlySet<string>,
  fix: string,
  known: readonly string[] = needed,
): string[] {
  return [
    ...needed
      .filter((key) => !used.has(key))
      .map((key) => `${kind} "${key}" is declared but never used: ${fix}, or remove it`),
    ...[...used]
      .filter((key) => !known.includes(key))
      .map((key) => `${kind} "${key}" is used but not declared: declare it in the module's feature file`),
  ];
}
