import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { All, Controller, Get, Injectable, Module, Post, type Type } from '@nestjs/common';
import { Expose } from 'class-transformer';
import { AppModule } from '../../src/app.module.js';
import { Access, Public } from '../../src/platform/access/decorators.js';
import { AuditTrail } from '../../src/platform/audit/audit-trail.js';
import { loadConfig } from '../../src/platform/config/config.js';
import { currentContext } from '../../src/platform/context/context.js';
import { UnitOfWork } from '../../src/platform/database/unit-of-work.js';
import { defineFeature, type FeatureDeclaration } from '../../src/platform/feature/define-feature.js';
import type { AuditEventType, JobName, Permission } from '../../src/platform/feature/registry.js';
import { createApp, Returns } from '../../src/platform/http/index.js';
import { OnJob } from '../../src/platform/jobs/on-job.js';
import { Harness } from '../harness/app.js';
import type { Client } from '../harness/client.js';

const PROBE = 'probe.done' as AuditEventType;

class Answered {
  @Expose() ok: boolean;
}

/** Handlers that do otherwise than they declare. */
@Controller('v1/probe')
class Probe {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly audit: AuditTrail,
  ) {}

  private rename(name: string): Promise<number> {
    return this.unitOfWork.execute('UPDATE organizations SET name = $1 WHERE id = $2', [name, currentContext().orgId]);
  }

  @Post('honest')
  @Access('signed-in', { emits: [PROBE], peopleOnly: true })
  @Returns(Answered)
  async honest() {
    await this.rename('Honest');
    this.audit.record(PROBE);
    return { ok: true, secret: 'not exposed' };
  }

  @Post('silent')
  @Access('signed-in', { emits: [PROBE], peopleOnly: true })
  @Returns(Answered)
  async silent() {
    await this.rename('Silent');
    return { ok: true };
  }

  @Post('other')
  @Access('signed-in', { emits: [PROBE], peopleOnly: true })
  @Returns(Answered)
  async other() {
    await this.rename('Other');
    this.audit.record('person.created');
    return { ok: true };
  }

  @Post('unshaped')
  @Access('signed-in', { emits: [PROBE], peopleOnly: true })
  @Returns(Answered)
  async unshaped() {
    await this.rename('Unshaped');
    this.audit.record(PROBE);
    return 'something else than was declared';
  }

  @Get('writes')
  @Access('signed-in')
  @Returns(Answered)
  async writes() {
    await this.rename('Written by GET');
    return { ok: true };
  }

  @Get('throws')
  @Access('signed-in')
  @Returns(Answered)
  throws(): never {
    throw Object.assign(new Error('secret of the house at /srv/app.js:1'), {
      status: 418,
      detail: 'internal detail',
      response: { internal: true },
    });
  }
}

@Module({ controllers: [Probe] })
class ProbeModule {}

let harness: Harness;
let url: string;
let stop: () => Promise<void>;
let client: Client;
let orgId: string;

async function boot(extra?: Type, env: Record<string, string> = {}) {
  @Module({})
  class Root {}
  const config = loadConfig({ ...harness.env, ...env }, 'api');
  return createApp(
    { module: Root, imports: [AppModule.forRoot(config), ProbeModule, ...(extra === undefined ? [] : [extra])] },
    config,
  );
}

beforeAll(async () => {
  harness = await Harness.start({ takeJobs: false });
  defineFeature({
    name: 'probe',
    description: 'Routes that break their word.',
    events: { [PROBE]: { category: 'probe', severity: 'info', description: 'A probe was used.' } },
  });
});
afterAll(() => harness.stop());

describe('a handler that does otherwise than it declares', () => {
  beforeAll(async () => {
    const app = await boot();
    await app.listen(0, '127.0.0.1');
    url = await app.getUrl();
    stop = () => app.close();
    orgId = await harness.make.organization('gme', 'Before');
    client = await harness.signIn((await harness.make.member(orgId, 'program_director')).email);
  });
  afterAll(() => stop());

  const call = (method: string, path: string) => client.send(method, `${url}/v1/probe/${path}`);
  const nameNow = async () =>
    (await harness.database.superuser<{ name: string }>('SELECT name FROM organizations WHERE id = $1', [orgId]))[0]!
      .name;

  it.each(['silent', 'other', 'unshaped'])('is undone and answered as a fault of ours: %s', async (path) => {
    const { status, body } = await call('POST', path);
    expect([status, Object.keys(body).toSorted()]).toEqual([500, ['code', 'requestId', 'status', 'title', 'type']]);
    expect(await nameNow()).toBe('Before');
  });

  it('changes nothing by GET', async () => {
    expect((await call('GET', 'writes')).status).toBe(500);
    expect(await nameNow()).toBe('Before');
  });

  it('tells a caller of an exception nothing but where to ask about it', async () => {
    const { status, body, text, headers } = await call('GET', 'throws');
    expect([status, body]).toEqual([
      500,
      {
        type: 'urn:vouchsafe:problem:internal',
        title: expect.any(String),
        status: 500,
        code: 'internal',
        requestId: headers.get('x-request-id'),
      },
    ]);
    expect(text).not.toMatch(/secret|srv|internal detail|Error/);
  });

  it('and one that keeps its word works, and shows only what its response class lists', async () => {
    expect(await call('POST', 'honest')).toMatchObject({ status: 200, body: { ok: true } });
    expect((await call('POST', 'honest')).body).toEqual({ ok: true });
    expect(await nameNow()).toBe('Honest');
  });
});

const nothing = Returns.nothing;
@Controller()
class Open {
  @Get('v1/x') @Returns(Answered) get() {
    return 1;
  }
}
@Controller()
class Unrecorded {
  @Post('v1/x') @Access('signed-in') @nothing() post() {
    return 1;
  }
}
@Controller()
class AnyMethod {
  @All('v1/x') @Access('signed-in') @nothing() all() {
    return 1;
  }
}
@Controller()
class ForEverybody {
  @Post('v1/x') @Access('signed-in', { emits: ['person.created'] }) @nothing() post() {
    return 1;
  }
}
@Controller()
class Shapeless {
  @Get('v1/x') @Access('signed-in') get() {
    return 1;
  }
}
@Controller()
class NoReason {
  @Get('v1/x') @Public('') @nothing() get() {
    return 1;
  }
}
@Controller()
class UnknownPermission {
  @Get('v1/x') @Access('person:reed' as Permission) @nothing() get() {
    return 1;
  }
}
@Controller()
class UnknownEvent {
  @Post('v1/x') @Access('signed-in', { emits: ['person.creatd' as AuditEventType] }) @nothing() post() {
    return 1;
  }
}
@Injectable()
class UnknownJob {
  @OnJob('exports.rendr' as JobName) run() {
    return Promise.resolve();
  }
}

const controller = (type: Type): Type => {
  @Module({ controllers: [type] })
  class Bad {}
  return Bad;
};

describe('the application does not start with', () => {
  it.each<[string, () => Type, RegExp]>([
    [
      'a route that declares nothing',
      () => controller(Open),
      /GET \/v1\/x \(Open\.get\) declares no access: put @Access\('resource:action'\) or @Public\('reason'\) on it/,
    ],
    [
      'a change without an event',
      () => controller(Unrecorded),
      /POST \/v1\/x \(Unrecorded\.post\) changes something and declares no event: add emits/,
    ],
    [
      'a route for every method without an event',
      () => controller(AnyMethod),
      /ALL \/v1\/x \(AnyMethod\.all\) changes something and declares no event/,
    ],
    [
      'a change for every member that API keys could make',
      () => controller(ForEverybody),
      /POST \/v1\/x \(ForEverybody\.post\) changes something for every member: give it a permission, or add peopleOnly/,
    ],
    [
      'a route without a response class',
      () => controller(Shapeless),
      /GET \/v1\/x \(Shapeless\.get\) declares no response: put @Returns/,
    ],
    [
      'a public route without a reason',
      () => controller(NoReason),
      /GET \/v1\/x \(NoReason\.get\) is public without a reason/,
    ],
    [
      'a permission that nobody declares',
      () => controller(UnknownPermission),
      /permission "person:reed" is used and not declared: declare it/,
    ],
    [
      'an event that nobody declares',
      () => controller(UnknownEvent),
      /event "person\.creatd" is used and not declared: declare it/,
    ],
    [
      'a job that nobody declares',
      () => {
        @Module({ providers: [UnknownJob] })
        class Bad {}
        return Bad;
      },
      /job "exports\.rendr" is used and not declared: declare it/,
    ],
  ])('%s', async (_what, bad, message) => {
    await expect(boot(bad())).rejects.toThrow(message);
  });

  it.each<[string, () => Record<string, string>, RegExp]>([
    [
      'a superuser of the database',
      () => ({ DATABASE_URL: swapped(process.env['TEST_SUPERUSER_DATABASE_URL']!) }),
      /the database role postgres bypasses row security: connect as vouchsafe_app/,
    ],
    [
      'the owner of the tables',
      () => ({ DATABASE_URL: harness.env.MIGRATOR_DATABASE_URL! }),
      /owns the table .*: connect as vouchsafe_app/,
    ],
  ])('%s as its role', async (_what, env, message) => {
    await expect(boot(undefined, env())).rejects.toThrow(message);
  });

  it('a role that may put temporary tables before the real ones', async () => {
    const name = new URL(harness.env.DATABASE_URL!).pathname.slice(1);
    await harness.database.superuser(`GRANT TEMPORARY ON DATABASE ${name} TO PUBLIC`);
    await expect(boot()).rejects.toThrow(
      /temporary tables, which come before the real ones in name lookup: run docker\/init-roles\.sql/,
    );
    await harness.database.superuser(`REVOKE TEMPORARY ON DATABASE ${name} FROM PUBLIC`);
  });
});

describe('the application does not start on', () => {
  it.each<[string, string, string]>([
    ['a table with org_id that nothing protects', 'CREATE TABLE stray (org_id uuid, id uuid)', 'stray'],
    [
      'one whose row security is not forced',
      'CREATE TABLE unforced (org_id uuid); ALTER TABLE unforced ENABLE ROW LEVEL SECURITY',
      'unforced',
    ],
    ['one that is partitioned', 'CREATE TABLE parted (org_id uuid, month date) PARTITION BY RANGE (month)', 'parted'],
    ['a partition left bare', 'CREATE TABLE piece PARTITION OF parted DEFAULT', 'piece'],
  ])('%s', async (_what, sql, table) => {
    await harness.database.superuser(sql);
    await expect(boot()).rejects.toThrow(
      `${table}: end its migration with SELECT app_private.protect_table('${table}', 'SELECT, INSERT')`,
    );
  });

  afterAll(() => harness.database.superuser('DROP TABLE stray, unforced, parted'));
});

/** The superuser's address with this file's own database. */
function swapped(address: string): string {
  const changed = new URL(address);
  changed.pathname = new URL(harness.env.DATABASE_URL!).pathname;
  return changed.href;
}

describe('a declaration is refused', () => {
  const feature = (more: Partial<FeatureDeclaration>) => () =>
    defineFeature({ name: `again-${Math.random()}`, description: 'Twice.', ...more });

  it.each<[string, () => unknown, RegExp]>([
    [
      'a feature twice',
      () => defineFeature({ name: 'people', description: 'Twice.' }),
      /feature "people" is declared twice/,
    ],
    [
      'a permission twice',
      feature({ permissions: { 'person:read': { category: 'x', description: 'x', scopes: {} } } }),
      /permissions "person:read" is declared twice, the second time by feature "again/,
    ],
    [
      'an event twice',
      feature({ events: { 'person.created': { category: 'x', severity: 'info', description: 'x' } } }),
      /events "person\.created" is declared twice/,
    ],
    [
      'a problem twice',
      feature({ errors: { not_found: { status: 404, title: 'x' } } }),
      /errors "not_found" is declared twice/,
    ],
    [
      'a table twice',
      feature({ tables: { people: { kind: 'tenant', rows: {}, retention: { keep: 'x' } } } }),
      /tables "people" is declared twice/,
    ],
  ])('%s', (_what, declare, message) => {
    expect(declare).toThrow(message);
  });

  it('that nothing uses, or that contradicts itself: all at once, each with what to do', async () => {
    defineFeature({
      name: 'unused',
      description: ' ',
      permissions: { 'unused:do': { category: 'x', description: 'x', scopes: {} } },
      events: {
        'unused.done': {
          category: 'x',
          severity: 'info',
          description: 'x',
          live: { permission: 'unused:do', person: 'whom' },
        },
      },
      jobs: { 'unused.work': { description: 'x', attempts: 1, backoffSeconds: 1, timeoutSeconds: 1, concurrency: 1 } },
      schedules: {
        'unused.tick': {
          description: 'x',
          cron: '* * * * *',
          timezone: 'UTC',
          job: 'unused.nothing',
          per: 'installation',
        },
      },
      retention: {
        'unused.short': { description: 'x', table: 'unused', ageColumn: 'x', days: 1, floorDays: 2, action: 'delete' },
        'unused.astray': {
          description: 'x',
          table: 'nowhere',
          ageColumn: 'x',
          days: 2,
          floorDays: 2,
          action: 'delete',
        },
      },
      tables: {
        unused: {
          kind: 'tenant',
          rows: { select: 'unused:nothing' },
          retention: { policies: ['unused.short', 'unused.astray'] },
        },
      },
    });
    const refusal = await boot().then(
      () => 'started',
      (error: Error) => error.message,
    );
    for (const line of [
      'permission "unused:do" is declared and used nowhere: put @Access with it on a route, or name it in the rules of a table, or remove it',
      'event "unused.done" is declared and used nowhere: name it in emits of the route or job that records it, or remove it',
      'event "unused.done" goes live to holders of "unused:do", whom table "live_events" does not show it: add the permission to select of its rows',
      'event "unused.done" names "whom" as the person it is about: declare it in meta as an id',
      'job "unused.work" is declared and used nowhere: put @OnJob with it on a provider\'s method, or remove it',
      'schedule "unused.tick" runs the job "unused.nothing", which no feature declares',
      'table "unused" names the retention policy "unused.astray", which is not declared for it',
      'retention policy "unused.astray" is about the table "nowhere", which no feature declares',
      'retention policy "unused.short" keeps rows for less than its floor',
      'feature "unused" has no description',
      'the rules of table "unused" name the permission "unused:nothing", which no feature declares',
    ])
      expect(refusal).toContain(line);
  });
});
