import { defineFeature } from '../../../platform/feature/define-feature.js';

export const linkingFeature = defineFeature({
  name: 'linking',
  description: 'Linking an identity at a provider to an account that exists, after a proof of the account.',
  events: {
    'sso.account_proven': {
      category: 'sso',
      severity: 'notice',
      description: 'A user proved an account to link it to an identity at a provider.',
      meta: { method: 'code' },
    },
  },
  errors: {
    sso_account_exists: {
      status: 409,
      title: 'An account with this e-mail address exists: prove it to link it to your identity provider',
    },
    sso_link_not_proven: { status: 403, title: 'Prove the account before you link it' },
  },
  controls: {
    'sso.linking': {
      claims: ['M14', 'S3'],
      description:
        'An identity is linked to an account in use only after a proof of this account in the same browser, with a ' +
        'factor if the user has one. Only members of the organization of the connection can be linked.',
    },
  },
});

declare module '../../../platform/feature/registry.js' {
  interface FeatureMap {
    linking: typeof linkingFeature;
  }
}
