import { defineFeature } from '../feature/define-feature.js';

export const outboundFeature = defineFeature({
  name: 'outbound',
  description: 'The way to addresses that people type in: public ones, over https, within limits.',
  controls: {
    'outbound.guarded': {
      claims: ['M14'],
      description:
        'What is fetched from an address that somebody typed in is fetched over https from public addresses ' +
        'alone, checked when it is connected to.',
    },
  },
});

declare module '../feature/registry.js' {
  interface FeatureMap {
    outbound: typeof outboundFeature;
  }
}
