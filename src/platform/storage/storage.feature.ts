import { defineFeature } from '../feature/define-feature.js';

export const storageFeature = defineFeature({
  name: 'storage',
  description: 'File storage with encryption of every file.',
  jobs: {
    'storage.sweep': {
      description: 'Removes partial files of interrupted writes',
      attempts: 3,
      backoffSeconds: 30,
      timeoutSeconds: 300,
      concurrency: 1,
    },
  },
  schedules: {
    'storage.hourly': {
      description: 'Removes partial files within two hours',
      cron: '25 * * * *',
      timezone: 'UTC',
      job: 'storage.sweep',
      per: 'installation',
    },
  },
  controls: {
    'storage.sealed': {
      claims: ['E15'],
      description:
        'The storage contains only encrypted files, each bound to its organization, category, entity, and name.',
    },
    'storage.sweep': { claims: ['E15'], description: 'Partial files of interrupted writes are removed within hours.' },
  },
});

declare module '../feature/registry.js' {
  interface FeatureMap {
    storage: typeof storageFeature;
  }
}
