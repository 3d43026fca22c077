import { redisplayForm, type FormMessages } from '../../../platform/pages/index.js';

/** The errors that the forms of the account pages show. Any other problem has a page of its own. */
const MESSAGES: FormMessages = {
  invalid_credentials: 'The e-mail address or the password is incorrect.',
  account_locked: 'Sign-in for this e-mail address is locked after too many failed attempts. Try again later.',
  too_many_requests: 'Too many attempts. Wait a moment, then try again.',
  mfa_failed: 'The code is incorrect or was already used.',
  invalid_code: "The code is incorrect. Check that your device's clock is correct.",
  step_up_failed: 'The password or code is incorrect.',
  mfa_enrollment_required:
    'Your organization requires a second factor, and this account has none. Sign in with the password, set one up, ' +
    'and start again.',
  password_change_required:
    'The password of this account must be changed first. Sign in with it, change it, and start again.',
  token_invalid: 'The link was already used, or it has expired. Request a new one.',
  server_busy: 'The server is busy. Try again in a few seconds.',
  wrong_password: 'The current password is incorrect.',
  weak_password: 'The password is not strong enough.',
};

/** Throws an error that shows the form again with the message of the problem; see `redisplayForm`. */
export function redisplay(error: unknown, form: (message: string) => string): never {
  return redisplayForm(error, MESSAGES, form);
}
