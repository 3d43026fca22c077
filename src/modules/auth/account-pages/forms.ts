import { redisplayForm, type FormMessages } from '../../../platform/pages/index.js';

/** What the forms of the account pages show; any other problem is a page of its own. */
const MESSAGES: FormMessages = {
  invalid_credentials: 'The e-mail address or the password is wrong.',
  account_locked: 'Too many tries. Sign-in for this address is locked for a while.',
  too_many_requests: 'Too many tries. Wait a little, then try again.',
  mfa_failed: 'That code is not right, or was used before.',
  invalid_code: 'That code is not right. Is the clock of your device?',
  step_up_failed: 'That is not right.',
  token_invalid: 'This link is not good any more. Ask for a new one.',
  server_busy: 'Too much is going on at this moment. Try again.',
  weak_password: 'That password is not strong enough.',
};

/** Throws the form again with the message of the error; see `redisplayForm`. */
export function redisplay(error: unknown, form: (message: string) => string): never {
  return redisplayForm(error, MESSAGES, form);
}
