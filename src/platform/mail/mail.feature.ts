import { defineFeature } from '../feature/define-feature.js';

export const mailFeature = defineFeature({
  name: 'mail',
  description: 'Plain-text mail to one recipient at a time, over TLS outside development.',
  controls: {
    'mail.tls': {
      claims: ['M1', 'C3', 'S2', 'E3'],
      description: 'Outside development, the worker sends mail only over verified TLS.',
    },
  },
});

declare module '../feature/registry.js' {
  interface FeatureMap {
    mail: typeof mailFeature;
  }
}
