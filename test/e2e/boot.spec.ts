/**
 * This file registers its own declarations, so it does not share its modules with other files.
 *
 * @jest-environment node
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { All, Controller, Get, Injectable, Module, Post, type Type } from '@nestjs/common';
import { Expose } from 'class-transformer';
import { AppModule } from '../../src/app.module.js';
import { Access, Public } from '../../src/platform/access/decorators.js';
import { AuditLog } from '../../src/platform/audit/audit-log.js';
import { loadConfig } from '../../src/platform/config/config.js';
import { currentContext } from '../../src/platform/context/context.js';
import { UnitOfWork } from '../../src/platform/database/unit-of-work.js';
import { defineFeature } from '../../src/platform/feature/define-feature.js';
import type { AuditEventType, JobName, Permission } from '../../src/platform/feature/registry.js';
import { createApp, ResponseType } from '../../src/platform/http/index.js';
import { OnJob } from '../../src/platform/jobs/on-job.js';
import { Harness } from '../harness/app.js';
import type { Client } from '../harness/client.js';

const PROBE = 'probe.done' as AuditEventType;

class Answered {
  @Expose() ok: boolean;
}

/** Declares handlers that break their declarations. */
@Controller('v1/probe')
class Probe {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly audit: AuditLog,
  ) {}

  private rename(name: string): Promise<number> {
    return this.unitOfWork.execute('UPDATE organizations SET name = $1 WHERE id = $2', [name, currentContext().orgId]);
  }

  @Post('honest')
  @Access('signed-in', { emits: [PROBE], interactiveOnly: true })
  @ResponseType(Answered)
  async honest() {
    await this.rename('Honest');
    this.audit.record(PROBE);
    return { ok: true, secret: 'not exposed' };
  }

  @Post('silent')
  @Access('signed-in', { emits: [PROBE], interactiveOnly: true })
  @ResponseType(Answered)
  async silent() {
    await this.rename('Silent');
    return { ok: true };
  }

  @Post('other')
  @Access('signed-in', { emits: [PROBE], interactiveOnly: true })
  @ResponseType(Answered)
  async other() {
    await this.rename('Other');
    this.audit.record('person.created');
    return { ok: true };
  }

  @Post('unshaped')
  @Access('signed-in', { emits: [PROBE], interactiveOnly: true })
  @ResponseType(Answered)
  async unshaped() {
    await this.rename('Unshaped');
    this.audit.record(PROBE);
    return 'not the declared shape';
  }

  @Get('writes')
  @Access('signed-in')
  @ResponseType(Answered)
  async writes() {
    await this.rename('Written by GET');
    return { ok: true };
  }

  @Get('throws')
  @Access('signed-in')
  @ResponseType(Answered)
  throws(): never {
    throw Object.assign(new Error('secret detail at /srv/app.js:1'), {
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
    description: 'Routes that break their declarations.',
    events: { [PROBE]: { category: 'probe', severity: 'info', description: 'A member used a probe route.' } },
  });
});
afterAll(() => harness.stop());

describe('a handler that breaks its declaration', () => {
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
  const currentName = async () =>
    (await harness.database.superuser<{ name: string }>('SELECT name FROM organizations WHERE id = $1', [orgId]))[0]!
      .name;

  it.each(['silent', 'other', 'unshaped'])('is rolled back and answered with 500: %s', async (path) => {
    const { status, body } = await call('POST', path);
    expect([status, Object.keys(body).toSorted()]).toEqual([500, ['code', 'requestId', 'status', 'title', 'type']]);
    expect(await currentName()).toBe('Before');
  });

  it('cannot write in a GET request', async () => {
    expect((await call('GET', 'writes')).status).toBe(500);
    expect(await currentName()).toBe('Before');
  });

  it('reveals nothing about an exception except the request id', async () => {
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

  it('commits and returns only declared fields when it follows its declaration', async () => {
    expect(await call('POST', 'honest')).toMatchObject({ status: 200, body: { ok: true } });
    expect((await call('POST', 'honest')).body).toEqual({ ok: true });
    expect(await currentName()).toBe('Honest');
  });
});

const nothing = ResponseType.nothing;
@Controller()
class Undeclared {
  @Get('v1/x') @ResponseType(Answered) get() {
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
class AnyMember {
  @Post('v1/x') @Access('signed-in', { emits: ['person.created'] }) @nothing() post() {
    return 1;
  }
}
@Controller()
class NoResponseType {
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
  it.each<[string, () => Type, RegExp | string]>([
    [
      'a route that declares nothing',
      () => controller(Undeclared),
      "GET /v1/x (Undeclared.get) declares no access: put @Access('resource:action') or @Public('reason') on it",
    ],
    [
      'a change without an event',
      () => controller(Unrecorded),
      /POST \/v1\/x \(Unrecorded\.post\) is a mutation and declares no event: add emits/,
    ],
    [
      'a route for every method without an event',
      () => controller(AnyMethod),
      /ALL \/v1\/x \(AnyMethod\.all\) is a mutation and declares no event/,
    ],
    [
      'a change for every member that allows API keys',
      () => controller(AnyMember),
      'POST /v1/x (AnyMember.post) is a mutation for every member: add a permission, or add interactiveOnly',
    ],
    [
      'a route without a response class',
      () => controller(NoResponseType),
      /GET \/v1\/x \(NoResponseType\.get\) declares no response: put @ResponseType/,
    ],
    [
      'a public route without a reason',
      () => controller(NoReason),
      /GET \/v1\/x \(NoReason\.get\) is public without a reason/,
    ],
    [
      'a permission that no feature declares',
      () => controller(UnknownPermission),
      /permission "person:reed" is used but not declared: declare it/,
    ],
    [
      'an event that no feature declares',
      () => controller(UnknownEvent),
      /event "person\.creatd" is used but not declared: declare it/,
    ],
    [
      'a job that no feature declares',
      () => {
        @Module({ providers: [UnknownJob] })
        class Bad {}
        return Bad;
      },
      /job "exports\.rendr" is used but not declared: declare it/,
    ],
  ])('%s', async (_what, bad, message) => {
    await expect(boot(bad())).rejects.toThrow(message);
  });

  it.each<[string, () => Record<string, string>, RegExp]>([
    [
      'a superuser of the database',
      () => ({ DATABASE_URL: withTestDatabase(process.env['TEST_SUPERUSER_DATABASE_URL']!) }),
      /the database role postgres bypasses row-level security: connect as vouchsafe_app/,
    ],
    [
      'the owner of the tables',
      () => ({ DATABASE_URL: harness.env.MIGRATOR_DATABASE_URL! }),
      /owns the table .*: connect as vouchsafe_app/,
    ],
  ])('%s as its role', async (_what, env, message) => {
    await expect(boot(undefined, env())).rejects.toThrow(message);
  });

  it('a role that can create temporary tables', async () => {
    const name = new URL(harness.env.DATABASE_URL!).pathname.slice(1);
    await harness.database.superuser(`GRANT TEMPORARY ON DATABASE ${name} TO PUBLIC`);
    await expect(boot()).rejects.toThrow(/temporary tables, which shadow the real ones: run docker\/init-roles\.sql/);
    await harness.database.superuser(`REVOKE TEMPORARY ON DATABASE ${name} FROM PUBLIC`);
  });
});

describe('the application does not start on', () => {
  it.each<[string, string, string]>([
    ['a table with org_id and without row-level security', 'CREATE TABLE stray (org_id uuid, id uuid)', 'stray'],
    [
      'a table without forced row-level security',
      'CREATE TABLE unforced (org_id uuid); ALTER TABLE unforced ENABLE ROW LEVEL SECURITY',
      'unforced',
    ],
    [
      'an unprotected partitioned table',
      'CREATE TABLE parted (org_id uuid, month date) PARTITION BY RANGE (month)',
      'parted',
    ],
    ['an unprotected partition', 'CREATE TABLE piece PARTITION OF parted DEFAULT', 'piece'],
  ])('%s', async (_what, sql, table) => {
    await harness.database.superuser(sql);
    await expect(boot()).rejects.toThrow(
      `${table}: end its migration with SELECT app_private.protect_table('${table}', 'SELECT, INSERT')`,
    );
  });

  afterAll(() => harness.database.superuser('DROP TABLE stray, unforced, parted'));
});

/** Returns the URL of the superuser with the database of this suite. */
function withTestDatabase(superuserUrl: string): string {
  const changed = new URL(superuserUrl);
  changed.pathname = new URL(harness.env.DATABASE_URL!).pathname;
  return changed.href;
}
