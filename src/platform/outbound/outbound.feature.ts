import { defineFeature } from '../feature/define-feature.js';

export const outboundFeature = defineFeature({
  name: 'outbound',
  description: 'Requests to user-supplied URLs: public IPs only, over https, within limits.',
  controls: {
    'outbound.guarded': {
      claims: ['M14'],
      description:
        'The server requests user-supplied URLs only over https and only from public IPs. It checks the IP ' +
        'when it connects.',
    },
  },
});

declare module '../feature/registry.js' {
  interface FeatureMap {
    outbound: typeof outboundFeature;
  }
}
