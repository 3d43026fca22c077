import { defineFeature } from '../feature/define-feature.js';

/** Errors, events, and controls of the access guard, which runs on every route. */
export const accessFeature = defineFeature({
  name: 'access',
  description: 'Access control for routes: the checks that every request passes, in a fixed order.',
  events: {
    'access.denied': {
      category: 'access',
      severity: 'warning',
      implicit: true,
      description: 'A signed-in user was denied access to a route or a record.',
      meta: { route: 'code', permission: 'code', reason: 'code', record: 'id' },
    },
    'api_key.rejected': {
      category: 'access',
      severity: 'warning',
      implicit: true,
      description: 'A caller used an API key that is revoked, expired, or not allowed from the IP of the caller.',
      meta: { reason: 'code' },
    },
    'scim.token_rejected': {
      category: 'access',
      severity: 'warning',
      implicit: true,
      description: 'A SCIM client used a token that is revoked, expired, or disabled.',
      meta: { reason: 'code', connectionId: 'id' },
    },
  },
  errors: {
    session_expired: { status: 401, title: 'The session has ended: sign in again' },
    api_key_expired: { status: 401, title: 'The API key has expired' },
    ip_not_allowed: { status: 403, title: 'The API key cannot be used from this IP address' },
    api_key_not_allowed: { status: 403, title: 'API keys cannot use this endpoint' },
    membership_ended: {
      status: 403,
      title: 'You are no longer a member of this organization',
      advice: 'Ask an administrator of the organization to add you again.',
    },
    organization_suspended: { status: 403, title: 'The organization is suspended' },
    password_change_required: { status: 403, title: 'Change your password first' },
    mfa_enrollment_required: { status: 403, title: 'Your organization requires multi-factor authentication' },
    sso_required: {
      status: 403,
      title: "Sign in through your organization's single sign-on",
      advice:
        'Enter your e-mail address on the sign-in page, and continue with the identity provider shown there. An ' +
        'owner can also sign in with a passkey, or with a password and a second factor.',
    },
    sign_in_method_not_allowed: {
      status: 403,
      title: 'Your organization does not allow this sign-in method',
      advice: 'Sign in with another method.',
    },
    step_up_required: { status: 403, title: 'Confirm your identity to continue' },
  },
  controls: {
    'access.guard-chain': {
      claims: ['E11', 'S4'],
      description:
        'One guard with ordered checks protects every route. The process does not start if a route declares ' +
        'no access.',
    },
    'access.keys-are-no-people': {
      claims: ['E11', 'S4'],
      description:
        "API keys cannot use routes for a user's own account or for personal decisions. They can change data " +
        'only with a permission.',
    },
    'access.step-up': {
      claims: ['V'],
      description:
        'Exports, roles, API keys, connections, and sign-in settings require a sign-in or step-up within the ' +
        'last minutes. This rule does not apply to API keys.',
    },
    'access.password-change': {
      claims: ['E13'],
      description: 'A member who must change the password can change nothing else before that.',
    },
  },
});

declare module '../feature/registry.js' {
  interface FeatureMap {
    access: typeof accessFeature;
  }
}
