import { defineFeature } from '../feature/define-feature.js';

export const mailFeature = defineFeature({
  name: 'mail',
  description: 'Mail in plain text to one address at a time, over TLS outside development.',
  controls: {
    'mail.tls': {
      claims: ['M1', 'C3', 'S2', 'E3'],
      description: 'Outside development mail leaves over verified TLS, or not at all.',
    },
  },
});

declare module '../feature/registry.js' {
  interface FeatureMap {
    mail: typeof mailFeature;
  }
}
