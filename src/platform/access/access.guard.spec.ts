import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ConsoleLogger, Logger, type ExecutionContext } from '@nestjs/common';
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

const CHECKS = [
  'rate',
  'body',
  'token',
  'key limit',
  'session',
  'same origin',
  'interactive only',
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

/** The checks, transactions, and audit events, in the order in which they happened. */
let happened: string[];
let refuseAt: string | undefined;
let sessionState: SessionRow['state'];
let transactionFails: boolean;

function fakeCheck(name: string) {
  return {
    check: (attempt: GuardContext) => {
      happened.push(name);
      if (name === refuseAt) throw new Problem('forbidden');
      if (name === 'session') {
        attempt.session = {} as SessionRow;
        currentContext().allow({ audit: () => ({ call: { text: '', values: [] } }) });
      }
    },
  };
}

function guard(): AccessGuard {
  const unitOfWork = {
    rollback: async () => void happened.push('rolled back'),
    run: async (_entrance: unknown, fn: (row: { state: string }) => void) => {
      if (transactionFails) throw new Error('the database is unavailable');
      happened.push('new transaction');
      fn({ state: sessionState });
    },
  };
  const audit = {
    record: (type: string, { meta }: AuditEntry) => void happened.push(`${type} ${JSON.stringify(meta)}`),
  };
  const [rate, ...members] = [...CHECKS, 'directory'].map(fakeCheck);
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
      never,
    ]),
  );
}

async function request(handler: keyof Controller, method = 'GET'): Promise<unknown> {
  const execution = {
    getHandler: () => Controller.prototype[handler],
    getClass: () => Controller,
    switchToHttp: () => ({
      getRequest: () => ({ method, headers: {}, params: { id: 'no-uuid' } }) as unknown as Request,
    }),
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

afterAll(() => Logger.overrideLogger(new ConsoleLogger()));

describe('the access guard', () => {
  it('denies a route without a policy and runs no check', async () => {
    expect(await request('undeclared')).toBe('forbidden');
    expect(happened).toEqual([]);
  });

  it('runs all checks of a member route in the declared order', async () => {
    expect(await request('read')).toBe(true);
    expect(happened).toEqual(CHECKS);
  });

  it('runs only the rate limit, body, and same-origin checks on a public route', async () => {
    expect(await request('open')).toBe(true);
    expect(happened).toEqual(['rate', 'body', 'same origin']);
  });

  it('runs only the rate limit, body, and token checks on a SCIM route', async () => {
    expect(await request('provision')).toBe(true);
    expect(happened).toEqual(['rate', 'body', 'directory']);
    refuseAt = 'directory';
    expect(await request('provision')).toBe('forbidden');
  });

  it.each(CHECKS)('stops at the check that fails: %s', async (name) => {
    refuseAt = name;
    expect(await request('read')).toBe('forbidden');
    const reached = CHECKS.slice(0, CHECKS.indexOf(name) + 1);
    expect(happened.slice(0, reached.length)).toEqual(reached);
    expect(happened.filter((step) => CHECKS.includes(step))).toEqual(reached);
  });

  it('rolls back the denied request and records the denial in a new transaction', async () => {
    refuseAt = 'permission';
    await request('read');
    expect(happened.slice(-3)).toEqual([
      'rolled back',
      'new transaction',
      'access.denied {"route":"Controller.read","permission":"signed-in","reason":"forbidden"}',
    ]);
  });

  it('records no denial for an unknown caller or an ended session', async () => {
    refuseAt = 'token';
    await request('read');
    expect(happened).toEqual(['rate', 'body', 'token', 'rolled back']);
    refuseAt = 'permission';
    sessionState = 'unknown';
    await request('read');
    expect(happened.at(-1)).toBe('new transaction');
  });

  it('denies the request even if recording the denial fails', async () => {
    refuseAt = 'permission';
    transactionFails = true;
    expect(await request('read')).toBe('forbidden');
  });

  it('allows a request only the events that its route declares', async () => {
    await withContext(new Context(), async () => {
      currentContext().declare(['access.denied']);
      const execution = {
        getHandler: () => Controller.prototype.open,
        getClass: () => Controller,
        switchToHttp: () => ({ getRequest: () => ({ method: 'GET', headers: {} }) }),
      } as unknown as ExecutionContext;
      await guard().canActivate(execution);
      expect([...currentContext().emits]).toEqual([]);
    });
  });
});
