import { beforeEach, describe, expect, it } from '@jest/globals';
import { Logger, type ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';
import type { AuditEntry, AuditLog } from '../audit/audit-log.js';
import { Context, currentContext, withContext } from '../context/context.js';
import type { UnitOfWork } from '../database/unit-of-work.js';
import '../problem/problem.feature.js';
import { Problem } from '../problem/problem.js';
import './access.feature.js';
import { AccessGuard } from './access.guard.js';
import type { GuardContext, SessionRow } from './guard-context.js';
import { Access, ScimAccess, Public } from './decorators.js';

const LAYERS = [
  'rate',
  'token',
  'key limit',
  'session',
  'same origin',
  'people only',
  'password',
  'second factor',
  'sso',
  'method',
  'permission',
  'step-up',
];

class Controller {
  undeclared() {
    return 1;
  }
  @Access('signed-in') read() {
    return 1;
  }
  @Public('for the test') open() {
    return 1;
  }
  @ScimAccess({}) provision() {
    return 1;
  }
}

/** What happened, in order: layers passed, transactions, entries for the log. */
let happened: string[];
let refuseAt: string | undefined;
let sessionState: SessionRow['state'];
let transactionFails: boolean;

function layer(name: string) {
  return {
    check: (attempt: GuardContext) => {
      happened.push(name);
      if (name === refuseAt) throw new Problem('forbidden');
      if (name === 'session') {
        attempt.session = {} as SessionRow;
        currentContext().allow({ audit: () => ({ statement: { text: '', values: [] } }) });
      }
    },
  };
}

function guard(): AccessGuard {
  const unitOfWork = {
    rollback: async () => void happened.push('undone'),
    run: async (_entrance: unknown, fn: (row: { state: string }) => void) => {
      if (transactionFails) throw new Error('the database is away');
      happened.push('transaction of its own');
      fn({ state: sessionState });
    },
  };
  const audit = {
    record: (type: string, { meta }: AuditEntry) => void happened.push(`${type} ${JSON.stringify(meta)}`),
  };
  const [rate, ...members] = [...LAYERS, 'directory'].map(layer);
  return new AccessGuard(
    unitOfWork as unknown as UnitOfWork,
    audit as unknown as AuditLog,
    ...([rate, ...members] as unknown as [
      never,
      never,
      never,
      never,
      never,
      never,
      never,
      never,
      never,
      never,
      never,
      never,
      never,
    ]),
  );
}

async function arrive(handler: keyof Controller, method = 'GET'): Promise<unknown> {
  const execution = {
    getHandler: () => Controller.prototype[handler],
    getClass: () => Controller,
    switchToHttp: () => ({ getRequest: () => ({ method, params: { id: 'no-uuid' } }) as unknown as Request }),
  } as unknown as ExecutionContext;
  return withContext(new Context(), () => guard().canActivate(execution)).then(
    (open) => open,
    (error: Problem) => error.code,
  );
}

beforeEach(() => {
  happened = [];
  refuseAt = undefined;
  sessionState = 'ok';
  transactionFails = false;
  Logger.overrideLogger(false);
});

describe('the guard', () => {
  it('refuses a route that declares nothing, before anything else', async () => {
    expect(await arrive('undeclared')).toBe('forbidden');
    expect(happened).toEqual([]);
  });

  it('lets every request pass all layers, in their order', async () => {
    expect(await arrive('read')).toBe(true);
    expect(happened).toEqual(LAYERS);
  });

  it('asks of a public route for its limit alone', async () => {
    expect(await arrive('open')).toBe(true);
    expect(happened).toEqual(['rate']);
  });

  it("asks of a route for directories for its limit and a directory's token, and takes nothing else", async () => {
    expect(await arrive('provision')).toBe(true);
    expect(happened).toEqual(['rate', 'directory']);
    refuseAt = 'directory';
    expect(await arrive('provision')).toBe('forbidden');
  });

  it.each(LAYERS)('goes no further than the layer that refuses: %s', async (name) => {
    refuseAt = name;
    expect(await arrive('read')).toBe('forbidden');
    const reached = LAYERS.slice(0, LAYERS.indexOf(name) + 1);
    expect(happened.slice(0, reached.length)).toEqual(reached);
    expect(happened.filter((step) => LAYERS.includes(step))).toEqual(reached);
  });

  it('undoes the transaction of who was refused, and records the denial in one of its own', async () => {
    refuseAt = 'permission';
    await arrive('read');
    expect(happened.slice(-3)).toEqual([
      'undone',
      'transaction of its own',
      'access.denied {"route":"Controller.read","permission":"signed-in","reason":"forbidden"}',
    ]);
  });

  it("records nobody's denial: before a session is known, or when it has ended meanwhile", async () => {
    refuseAt = 'token';
    await arrive('read');
    expect(happened).toEqual(['rate', 'token', 'undone']);
    refuseAt = 'permission';
    sessionState = 'unknown';
    await arrive('read');
    expect(happened.at(-1)).toBe('transaction of its own');
  });

  it('refuses still when the denial cannot be recorded', async () => {
    refuseAt = 'permission';
    transactionFails = true;
    expect(await arrive('read')).toBe('forbidden');
  });

  it('allows a request the events of its route and no others', async () => {
    await withContext(new Context(), async () => {
      currentContext().declare(['access.denied']);
      const execution = {
        getHandler: () => Controller.prototype.open,
        getClass: () => Controller,
        switchToHttp: () => ({ getRequest: () => ({ method: 'GET' }) }),
      } as unknown as ExecutionContext;
      await guard().canActivate(execution);
      expect([...currentContext().emits]).toEqual([]);
    });
  });
});
