/**
 * This file registers its own declarations, so it does not share its modules with other files.
 *
 * @jest-environment node
 */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { defineFeature } from '../feature/define-feature.js';
import { toProblem } from './problem.map.js';

defineFeature({
  name: 'refusing',
  description: 'For the test.',
  errors: { no_such_luck: { status: 409, title: 'No such luck' } },
});

const raised = (message: string, code = 'VS409') => Object.assign(new Error(message), { code });

describe('a problem that the database raises', () => {
  it('becomes the problem that the message names', () => {
    expect(toProblem(raised('no_such_luck'))).toMatchObject({ code: 'no_such_luck', status: 409 });
    expect(toProblem({ driverError: raised('no_such_luck') })).toMatchObject({ code: 'no_such_luck' });
  });

  it.each(['40001', '40P01'])(
    'for a conflict with a parallel transaction, %s, asks the client to try again',
    (code) => {
      const { status, headers } = toProblem(raised('could not serialize access', code));
      expect([status, Number(headers['Retry-After']) > 0]).toEqual([503, true]);
    },
  );

  it('is internal for an undeclared code or another SQLSTATE', () => {
    expect(toProblem(raised('no_such_luck', 'P0001')).code).toBe('internal');
    fc.assert(
      fc.property(
        fc.string().filter((text) => text !== 'no_such_luck'),
        (text) => {
          expect(['internal', 'conflict', 'unavailable']).toContain(toProblem(raised(text)).code);
        },
      ),
    );
  });
});
