import { defineFeature } from '../../../platform/feature/define-feature.js';

export const signInFeature = defineFeature({
  name: 'sign-in',
  description: 'Sign-in by password, and the second factor after it.',
  events: {
    'auth.signed_in': {
      category: 'sign-in',
      severity: 'info',
      description: 'Somebody signed in.',
      meta: { method: 'code', factor: 'code' },
    },
    'auth.sign_in_failed': {
      category: 'sign-in',
      severity: 'warning',
      description: 'A sign-in was refused.',
      meta: { method: 'code', reason: 'code' },
    },
  },
  errors: {
    invalid_credentials: { status: 401, title: 'E-mail address or password is wrong' },
  },
  resources: {
    email: { description: 'An e-mail address that belongs to no user, as a keyed digest' },
  },
  controls: {
    'auth.no-oracle': {
      claims: ['E8'],
      description: 'Unknown addresses cost and answer the same; limits shared by all processes.',
    },
  },
});

declare module '../../../platform/feature/registry.js' {
  interface FeatureMap {
    'sign-in': typeof signInFeature;
  }
}
