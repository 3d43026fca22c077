import { defineFeature } from '../feature/define-feature.js';

/** What the guard answers and records by itself, on every route. */
export const accessFeature = defineFeature({
  name: 'access',
  description: 'Who may reach a route: the layers every request passes, in order.',
  events: {
    'access.denied': {
      category: 'access',
      severity: 'warning',
      implicit: true,
      description: 'Somebody signed in was refused a route or a record.',
      meta: { route: 'code', permission: 'code', reason: 'code', record: 'id' },
    },
    'api_key.rejected': {
      category: 'access',
      severity: 'warning',
      implicit: true,
      description: 'An API key was used that is over, or from an address that it may not be used from.',
      meta: { reason: 'code' },
    },
    'scim.token_rejected': {
      category: 'access',
      severity: 'warning',
      implicit: true,
      description: 'A directory came by a SCIM token that is over.',
      meta: { reason: 'code', connectionId: 'id' },
    },
  },
  errors: {
    session_expired: { status: 401, title: 'The session has ended: sign in again' },
    api_key_expired: { status: 401, title: 'The API key has expired' },
    ip_not_allowed: { status: 403, title: 'The API key may not be used from this address' },
    api_key_not_allowed: { status: 403, title: 'This is for people, not for API keys' },
    membership_ended: { status: 403, title: 'You are no longer a member of this organization' },
    organization_suspended: { status: 403, title: 'The organization is suspended' },
    password_change_required: { status: 403, title: 'Change your password first' },
    mfa_enrollment_required: { status: 403, title: 'Your organization requires multi-factor authentication' },
    sso_required: { status: 403, title: "Sign in through your organization's single sign-on" },
    sign_in_method_not_allowed: { status: 403, title: 'The organization does not take this kind of sign-in' },
    step_up_required: { status: 403, title: 'Show again who you are to do this' },
  },
  controls: {
    'access.guard-chain': {
      claims: ['E11', 'S4'],
      description: 'Layered guard on every route; undeclared routes stop the boot.',
    },
    'access.keys-are-no-people': {
      claims: ['E11', 'S4'],
      description:
        "What is about a person's own account, or for a person to decide, is closed to API keys; no member's " +
        'change without a permission is open to them.',
    },
    'access.step-up': {
      claims: ['V'],
      description:
        'Exports, roles, keys, connections and settings of sign-in ask people for a sign-in or step-up of the ' +
        'last minutes.',
    },
    'access.password-change': {
      claims: ['E13'],
      description: 'A password that must be changed blocks every mutation.',
    },
  },
});

declare module '../feature/registry.js' {
  interface FeatureMap {
    access: typeof accessFeature;
  }
}
