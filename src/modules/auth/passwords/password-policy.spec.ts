import { describe, expect, it } from '@jest/globals';
import './passwords.feature.js';
import '../../../platform/problem/problem.feature.js';
import { Problem } from '../../../platform/problem/index.js';
import { assertStrong, type PasswordOwner } from './password-policy.js';

const SHORT = 'needs at least 12 characters';
const LONG = 'needs at most 128 characters';
const UPPER = 'needs an upper-case letter';
const LOWER = 'needs a lower-case letter';
const DIGIT = 'needs a digit';
const SPECIAL = 'needs a special character';
const ALIKE = 'needs at least 6 different characters';
const BREACHED = 'must not be a commonly used password';
const OWN = 'must not contain your name or e-mail address';

/** Returns the messages of the rules that a password does not meet. */
function missing(password: string, owner?: PasswordOwner): string[] {
  try {
    assertStrong(password, owner);
    return [];
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== 'weak_password') throw error;
    return error.errors!.map(({ message }) => message);
  }
}

describe('a password', () => {
  it.each<[string, string[]]>([
    ['Brisk-Otter-41', []],
    ['Brisk-Otter4', []],
    ['Brisk-Otter', [SHORT, DIGIT]],
    ['', [SHORT, UPPER, LOWER, DIGIT, SPECIAL, ALIKE]],
    [`Brisk-Otter-41${'xyz'.repeat(38)}`, []],
    [`Brisk-Otter-41${'xyz'.repeat(38)}x`, [LONG]],
    ['brisk-otter-41', [UPPER]],
    ['BRISK-OTTER-41', [LOWER]],
    ['Brisk-Otter-Pond', [DIGIT]],
    ['BriskOtter4144', [SPECIAL]],
    ['Ärger über 9 Öfen', []],
    ['日本語の鍵Aa1!日本語の鍵', []],
    ['Brisk Otter 41', []],
    ['😀😀😀😀Brisk-4x', []],
    ['😀😀Brisk-4xy', [SHORT]],
    ['Aa1!Aa1!Aa1!', [ALIKE]],
  ])('%j breaks the rules %j', (password, rules) => {
    expect(missing(password)).toEqual(rules);
  });

  it.each([
    'Password1234!',
    'P@ssw0rd1234',
    'p@SSw0rd!!12',
    'Pa$$word2024!',
    '!!Welcome2025',
    'Welcome-2025!',
    'Qwertyuiop1!',
    '1qaz!QAZ2wsx@WSX',
    'Letmein!2345678',
    'Iloveyou!123',
    'Football.2023',
    'Pass-Word-1234',
    'Password1!Password1!',
    'PASSWORD!password1',
    'Sunshine#2024',
    'Ｐassword1234!',
    'Superman123456!',
    'Trustno1!Trustno1!',
  ])('%j is rejected as a common password although it has every kind of character', (password) => {
    expect(missing(password)).toContain(BREACHED);
  });

  it.each([
    'Correct-Horse-9-Battery',
    'Dragon-Sails-Over-7-Hills',
    'Monkey-Typewriter-88!',
    'Wrong-Password-1',
    'Synthetic-Test-1',
    'abc!8273-A-645182917',
  ])('%j is accepted because it is more than a common password with characters around it', (password) => {
    expect(missing(password)).toEqual([]);
  });

  it.each<[string, PasswordOwner]>([
    ['Margaret-Hill-41', { email: 'mh@clinic.example', names: ['Margaret Ross'] }],
    ['Xx-ROSS-Brisk-41', { email: 'mh@clinic.example', names: ['Margaret Ross'] }],
    ['Müller-Brisk-41', { email: 'x@clinic.example', names: ['Anna Muller'] }],
    ['Jo.Li-and-more-41', { email: 'x@clinic.example', names: ['Jo Li'] }],
    ['Brisk-Otter99-41', { email: 'otter99@clinic.example', names: [] }],
    ['Jane-D-Brisk-41', { email: 'jane.d@clinic.example', names: [] }],
    ['Brisk-Zweig-4141', { email: 'x@clinic.example', names: ['Other Name', 'Second Zweig'] }],
  ])("%j is rejected because it contains its owner's name or e-mail address", (password, owner) => {
    expect(missing(password, owner)).toEqual([OWN]);
    expect(missing(password)).toEqual([]);
  });

  it('may contain a name shorter than four letters, and the domain of the e-mail address', () => {
    expect(missing('Brilliant-Royal-41', { email: 'li@clinic.example', names: ['Li Roy'] })).toEqual([]);
    expect(missing('Clinic-of-Otters-41', { email: 'li@clinic.example', names: ['li@clinic.example'] })).toEqual([]);
  });

  it('does not appear in the problem', () => {
    const problem = (() => {
      try {
        assertStrong('Margaret');
      } catch (error) {
        return error as Problem;
      }
      return undefined;
    })();
    expect(JSON.stringify(problem!.body('r'))).not.toMatch(/margaret/i);
  });
});
