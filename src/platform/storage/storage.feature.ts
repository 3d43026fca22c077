import { defineFeature } from '../feature/define-feature.js';

export const storageFeature = defineFeature({
  name: 'storage',
  description: 'Files, sealed before they are stored.',
  jobs: {
    'storage.sweep': {
      description: 'Removes what a crash left half written',
      attempts: 3,
      backoffSeconds: 30,
      timeoutSeconds: 300,
      concurrency: 1,
    },
  },
  schedules: {
    'storage.hourly': {
      description: 'Half-written files lie about for two hours at most',
      cron: '25 * * * *',
      timezone: 'UTC',
      job: 'storage.sweep',
      per: 'installation',
    },
  },
  controls: {
    'storage.sealed': {
      claims: ['E15'],
      description: 'The storage sees sealed bytes alone, each bound to its organization, category, entity and name.',
    },
    'storage.sweep': { claims: ['E15'], description: 'What a crash left half written is removed within hours.' },
  },
});

declare module '../feature/registry.js' {
  interface FeatureMap {
    storage: typeof storageFeature;
  }
}
