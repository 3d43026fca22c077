import { describe, expect, it } from '@jest/globals';
import type { ExecutionContext } from '@nestjs/common';
import fc from 'fast-check';
import type { Request } from 'express';
import { Clock } from '../../clock/clock.js';
import { Context, withContext, type Member } from '../../context/context.js';
import { defineFeature } from '../../feature/define-feature.js';
import type { Permission } from '../../feature/registry.js';
import '../../problem/problem.feature.js';
import { Problem } from '../../problem/problem.js';
import '../access.feature.js';
import type { GuardContext, AccessCheck, SessionRow } from '../guard-context.js';
import { isMutating } from '../guard-context.js';
import { isGranted, parseGrants } from '../../policies/grants.js';
import {
  EnforcedSsoCheck,
  PasswordChangedCheck,
  PermissionCheck,
  MfaCheck,
  SignInMethodCheck,
  StepUpCheck,
} from './member.checks.js';

const NOW = Date.UTC(2026, 0, 15, 12);
const clock = Object.assign(new Clock(), { now: () => new Date(NOW) });

function attempt(
  session: Partial<SessionRow>,
  policy: Partial<GuardContext['policy']> = {},
  method = 'GET',
): GuardContext {
  return {
    execution: {} as ExecutionContext,
    request: { method } as Request,
    mutating: isMutating(method),
    session: session as SessionRow,
    policy: { kind: 'access', permission: 'signed-in', ...policy } as GuardContext['policy'],
  };
}

/** The code of the refusal, or 'passed'. */
function judge(layer: AccessCheck, tried: GuardContext, grants: ReadonlyMap<string, string> = new Map()): string {
  const context = new Context({ member: { grants } as Member });
  return withContext(context, () => {
    try {
      void layer.check(tried);
      return 'passed';
    } catch (error) {
      return error instanceof Problem ? error.code : String(error);
    }
  });
}

describe('a password that must be changed', () => {
  const due = { must_change_password: true };
  it('blocks every change but what comes before set-up, and no reading', () => {
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'ALL', 'PROPFIND']) {
      expect(judge(new PasswordChangedCheck(), attempt(due, {}, method))).toBe('password_change_required');
      expect(judge(new PasswordChangedCheck(), attempt(due, { allowIncompleteSetup: true }, method))).toBe('passed');
    }
    expect(judge(new PasswordChangedCheck(), attempt(due))).toBe('passed');
    expect(judge(new PasswordChangedCheck(), attempt({ must_change_password: false }, {}, 'POST'))).toBe('passed');
  });
});

describe('what the organization asks for', () => {
  it.each([
    [new MfaCheck(), { required_action: 'step_up' }, 'step_up_required'],
    [new MfaCheck(), { required_action: 'mfa_enrollment' }, 'mfa_enrollment_required'],
    [new EnforcedSsoCheck(), { required_action: 'sso' }, 'sso_required'],
    [new SignInMethodCheck(), { required_action: 'method' }, 'sign_in_method_not_allowed'],
  ] as const)('blocks reading as well: %p', (layer, session, code) => {
    expect(judge(layer, attempt(session))).toBe(code);
    expect(judge(layer, attempt(session, { allowIncompleteSetup: true }))).toBe('passed');
    expect(judge(layer, attempt({}))).toBe('passed');
  });
});

describe('a second factor that is missing', () => {
  const missing = { required_action: 'mfa_enrollment' } as const;
  it('leaves the ways open by which it is enrolled and shown, which nothing else that is missing does', () => {
    expect(judge(new MfaCheck(), attempt(missing, { allowWithoutMfa: true }, 'POST'))).toBe('passed');
    expect(
      judge(new PasswordChangedCheck(), attempt({ must_change_password: true }, { allowWithoutMfa: true }, 'POST')),
    ).toBe('password_change_required');
    expect(judge(new EnforcedSsoCheck(), attempt({ required_action: 'sso' }, { allowWithoutMfa: true }))).toBe(
      'sso_required',
    );
    expect(judge(new SignInMethodCheck(), attempt({ required_action: 'method' }, { allowWithoutMfa: true }))).toBe(
      'sign_in_method_not_allowed',
    );
  });
});

describe('a permission', () => {
  defineFeature({
    name: 'specimens',
    description: 'For the test.',
    permissions: {
      'specimen:read': { category: 'Specimens', description: 'About people.', personScoped: true, scopes: {} },
      'specimen:update': { category: 'Specimens', description: 'About the organization.', scopes: {} },
    },
  });
  const held = new Map([
    ['specimen:read', 'own'],
    ['specimen:update', 'own'],
  ]);
  const asks = (permission: string, grants = held) =>
    judge(new PermissionCheck(), attempt({}, { kind: 'access', permission: permission as Permission }), grants);

  it('is held or it is not; signed in is enough where nothing more is asked', () => {
    expect([asks('specimen:read'), asks('specimen'), asks('specimen:*'), asks('signed-in', new Map())]).toEqual([
      'passed',
      'forbidden',
      'forbidden',
      'passed',
    ]);
  });

  it('that is not about people is held for the whole organization or not at all', () => {
    expect([asks('specimen:update'), asks('specimen:update', new Map([['specimen:update', 'org']]))]).toEqual([
      'forbidden',
      'passed',
    ]);
  });

  it('is denied for a policy of another kind', () => {
    expect(judge(new PermissionCheck(), attempt({}, { kind: 'public', reason: 'x' }), held)).toBe('forbidden');
  });

  it('nobody declared is granted exactly when the grants name it for the whole organization', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), fc.constantFrom('org', 'assigned', 'own')),
        fc.string(),
        (grants, permission) => {
          expect(isGranted(parseGrants(JSON.stringify(grants)), permission)).toBe(
            permission === 'signed-in' || (Object.hasOwn(grants, permission) && grants[permission] === 'org'),
          );
        },
      ),
    );
  });
});

describe('a fresh sign-in', () => {
  const after = (minutes: number) =>
    judge(
      new StepUpCheck(clock),
      attempt({ authenticated_at: new Date(NOW - minutes * 60_000) }, { stepUpMinutes: 10 }),
    );
  it('is asked for to the minute, and only where a route asks', () => {
    expect([after(0), after(10), after(10.01), after(600)]).toEqual([
      'passed',
      'passed',
      'step_up_required',
      'step_up_required',
    ]);
    expect(judge(new StepUpCheck(clock), attempt({ authenticated_at: new Date(0) }))).toBe('passed');
  });

  it('is asked of people, not of an API key', () => {
    const byKey = { ...attempt({ authenticated_at: new Date(0) }, { stepUpMinutes: 10 }), apiKey: 'vs_key' };
    expect(judge(new StepUpCheck(clock), byKey)).toBe('passed');
  });
});

describe('a method', () => {
  it('changes something unless it is known not to', () => {
    expect(['GET', 'HEAD', 'OPTIONS'].map(isMutating)).toEqual([false, false, false]);
    fc.assert(
      fc.property(
        fc.string().filter((method) => !['GET', 'HEAD', 'OPTIONS'].includes(method)),
        (method) => isMutating(method),
      ),
    );
  });
});
