import type { Response } from 'express';
import { Problem } from '../../../platform/problem/index.js';
import { FormAgain } from '../../../platform/pages/index.js';

/** What somebody who fills in a form is told; any other problem is a page of its own. */
const TOLD: Readonly<Record<string, string>> = {
  invalid_credentials: 'The e-mail address or the password is wrong.',
  account_locked: 'Too many tries. Sign-in for this address is locked for a while.',
  too_many_requests: 'Too many tries. Wait a little, then try again.',
  second_factor_refused: 'That code is not right, or was used before.',
  code_refused: 'That code is not right. Is the clock of your device?',
  step_up_refused: 'That is not right.',
  token_invalid: 'This link is not good any more. Ask for a new one.',
  busy: 'Too much is going on at this moment. Try again.',
  weak_password: 'That password is not strong enough.',
};

/** 303, so that going back does not post the form again. */
export function onward(response: Response, address: string): string {
  response.status(303).setHeader('Location', address);
  return '';
}

/** Throws the form again with a sentence on what is wrong with it; whatever does not belong into a form as it is. */
export function again(error: unknown, form: (sentence: string) => string): never {
  if (!(error instanceof Problem) || TOLD[error.code] === undefined) throw error;
  throw new FormAgain(
    error,
    form([TOLD[error.code], ...(error.errors ?? []).map(({ message }) => `It ${message}.`)].join(' ')),
  );
}
