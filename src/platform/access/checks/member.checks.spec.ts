/**
 * This file registers its own declarations, so it does not share its modules with other files.
 *
 * @jest-environment node
 */
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

/** Returns the problem code of a failed check, or 'passed'. */
function outcomeOf(
  check: AccessCheck,
  attempted: GuardContext,
  grants: ReadonlyMap<string, string> = new Map(),
): string {
  const context = new Context({ member: { grants } as Member });
  return withContext(context, () => {
    try {
      void check.check(attempted);
      return 'passed';
    } catch (error) {
      return error instanceof Problem ? error.code : String(error);
    }
  });
}

describe('a password that must be changed', () => {
  const due = { must_change_password: true };
  it('blocks every change except on routes that allow incomplete setup, and allows reads', () => {
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'ALL', 'PROPFIND']) {
      expect(outcomeOf(new PasswordChangedCheck(), attempt(due, {}, method))).toBe('password_change_required');
      expect(outcomeOf(new PasswordChangedCheck(), attempt(due, { allowIncompleteSetup: true }, method))).toBe(
        'passed',
      );
    }
    expect(outcomeOf(new PasswordChangedCheck(), attempt(due))).toBe('passed');
    expect(outcomeOf(new PasswordChangedCheck(), attempt({ must_change_password: false }, {}, 'POST'))).toBe('passed');
  });
});

describe('a sign-in requirement of the organization', () => {
  it.each([
    [new MfaCheck(), { required_action: 'step_up' }, 'step_up_required'],
    [new MfaCheck(), { required_action: 'mfa_enrollment' }, 'mfa_enrollment_required'],
    [new EnforcedSsoCheck(), { required_action: 'sso' }, 'sso_required'],
    [new SignInMethodCheck(), { required_action: 'method' }, 'sign_in_method_not_allowed'],
  ] as const)('blocks reads as well: %p', (check, session, code) => {
    expect(outcomeOf(check, attempt(session))).toBe(code);
    expect(outcomeOf(check, attempt(session, { allowIncompleteSetup: true }))).toBe('passed');
    expect(outcomeOf(check, attempt({}))).toBe('passed');
  });
});

describe('a missing second factor', () => {
  const missing = { required_action: 'mfa_enrollment' } as const;
  it('allows the MFA routes, which no other missing requirement allows', () => {
    expect(outcomeOf(new MfaCheck(), attempt(missing, { allowWithoutMfa: true }, 'POST'))).toBe('passed');
    expect(
      outcomeOf(new PasswordChangedCheck(), attempt({ must_change_password: true }, { allowWithoutMfa: true }, 'POST')),
    ).toBe('password_change_required');
    expect(outcomeOf(new EnforcedSsoCheck(), attempt({ required_action: 'sso' }, { allowWithoutMfa: true }))).toBe(
      'sso_required',
    );
    expect(outcomeOf(new SignInMethodCheck(), attempt({ required_action: 'method' }, { allowWithoutMfa: true }))).toBe(
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
    outcomeOf(new PermissionCheck(), attempt({}, { kind: 'access', permission: permission as Permission }), grants);

  it('must match exactly, and signed-in needs no permission', () => {
    expect([asks('specimen:read'), asks('specimen'), asks('specimen:*'), asks('signed-in', new Map())]).toEqual([
      'passed',
      'forbidden',
      'forbidden',
      'passed',
    ]);
  });

  it('that is not person-scoped must be held for the whole organization', () => {
    expect([asks('specimen:update'), asks('specimen:update', new Map([['specimen:update', 'org']]))]).toEqual([
      'forbidden',
      'passed',
    ]);
  });

  it('is denied for a policy of another kind', () => {
    expect(outcomeOf(new PermissionCheck(), attempt({}, { kind: 'public', reason: 'x' }), held)).toBe('forbidden');
  });

  it('that is not declared is granted only if the grants name it with the scope org', () => {
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

describe('a recent sign-in', () => {
  const after = (minutes: number) =>
    outcomeOf(
      new StepUpCheck(clock),
      attempt({ authenticated_at: new Date(NOW - minutes * 60_000) }, { stepUpMinutes: 10 }),
    );
  it('is required to the minute, and only on routes that declare it', () => {
    expect([after(0), after(10), after(10.01), after(600)]).toEqual([
      'passed',
      'passed',
      'step_up_required',
      'step_up_required',
    ]);
    expect(outcomeOf(new StepUpCheck(clock), attempt({ authenticated_at: new Date(0) }))).toBe('passed');
  });
});

describe('a method', () => {
  it('counts as mutating unless it is a known safe method', () => {
    expect(['GET', 'HEAD', 'OPTIONS'].map(isMutating)).toEqual([false, false, false]);
    fc.assert(
      fc.property(
        fc.string().filter((method) => !['GET', 'HEAD', 'OPTIONS'].includes(method)),
        (method) => isMutating(method),
      ),
    );
  });
});
