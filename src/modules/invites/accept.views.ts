import type { ErrorCode } from '../../platform/feature/registry.js';
import { notePage, redisplayForm, tokenPage, type FormMessages, type TokenForm } from '../../platform/pages/index.js';
import { Problem } from '../../platform/problem/index.js';

const TITLE = 'Accept the invitation';

/** The form of an invitee who has a session, or signs in on the way. */
export const OWN_FORM: TokenForm = {
  title: TITLE,
  action: '/invites/accept/own',
  button: 'Accept',
  newPassword: false,
  otherwise: { href: '/account', label: 'Go to your account' },
};

/** The form of an invitee without an account. */
export const FORM: TokenForm = {
  title: TITLE,
  action: '/invites/accept',
  button: 'Accept',
  newPassword: true,
  otherwise: { href: '/sign-in', label: 'Go to the sign-in page' },
  alternative: { action: OWN_FORM.action, button: 'I already have an account' },
};

const MESSAGES: FormMessages = {
  weak_password: 'This password is not strong enough.',
  invite_invalid:
    'This invitation was already used or has expired, or it was sent to another e-mail address. If you accepted it, ' +
    'sign in. Otherwise ask for a new one.',
  sign_in_to_accept: 'You already have an account. Sign in with it to accept the invitation.',
  membership_exists: 'You are already a member. Sign in.',
  invite_already_accepted: 'You are now a member of the organization.',
  too_many_requests: 'Too many attempts. Wait a moment, then try again.',
  server_busy: 'The server is busy. Try again in a few seconds.',
};

/**
 * Throws an error that shows the form again with the message of the problem; see `redisplayForm`. A form that was sent
 * twice shows the page of its success.
 */
export function redisplay(error: unknown, form: TokenForm, token: string): never {
  return redisplayForm(error, MESSAGES, (problem) =>
    isProblem(error, 'invite_already_accepted') ? acceptedPage() : tokenPage({ ...form, token, problem }),
  );
}

export function acceptedPage(): string {
  return notePage('The invitation is accepted', 'You are now a member of the organization.', {
    href: '/account',
    label: 'Go to your account',
  });
}

export function isProblem(error: unknown, code: ErrorCode): boolean {
  return error instanceof Problem && error.code === code;
}
