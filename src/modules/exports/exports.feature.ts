import { defineFeature } from '../../platform/feature/define-feature.js';
import { MANAGER_ROLES } from '../../platform/feature/roles.js';

export const exportsFeature = defineFeature({
  name: 'exports',
  description: 'Files that leave the system: made by a job, marked with who asked for them, fetched once.',
  permissions: {
    'export:create': {
      category: 'Exports',
      personScoped: true,
      description: "Have people or one person's record exported, as far as one may see them.",
      scopes: { org: MANAGER_ROLES },
    },
    'export:read': {
      category: 'Exports',
      description: "See who asked for which export, and how far one's own are.",
      scopes: { org: MANAGER_ROLES },
    },
    'document:download': {
      category: 'Documents',
      personScoped: true,
      description: 'Download documents; an export only whoever asked for it.',
      scopes: { org: [...MANAGER_ROLES, 'staff', 'read_only'] },
    },
  },
  events: {
    'export.requested': {
      category: 'exports',
      severity: 'notice',
      description: 'An export was asked for.',
      meta: { kind: 'code', personId: 'id', filter: 'codes' },
      realtime: { permission: 'export:read' },
    },
    'export.link_issued': {
      category: 'exports',
      severity: 'info',
      description: 'Whoever asked for an export was given the link to it.',
    },
    'export.downloaded': {
      category: 'exports',
      severity: 'notice',
      description: 'An export was downloaded; its link is spent.',
      meta: { kind: 'code', rows: 'count', bytes: 'count' },
      realtime: { permission: 'export:read' },
    },
    'export.completed': {
      category: 'exports',
      severity: 'info',
      description: 'An export was made.',
      meta: { kind: 'code', requestedBy: 'id', rows: 'count', bytes: 'count', unlocked: 'codes' },
      realtime: { permission: 'export:read' },
    },
    'export.failed': {
      category: 'exports',
      severity: 'warning',
      description: 'An export could not be made.',
      meta: { kind: 'code', requestedBy: 'id', reason: 'code' },
      realtime: { permission: 'export:read' },
    },
  },
  errors: {
    export_link_expired: { status: 410, title: 'This link was used, replaced or has expired' },
  },
  jobs: {
    'exports.render': {
      description: 'Makes the file of one export, with the scope of whoever asked for it',
      attempts: 5,
      backoffSeconds: 2,
      timeoutSeconds: 600,
      concurrency: 2,
      enqueuePermissions: ['export:create'],
    },
  },
  retention: {
    'exports.files': {
      description: 'Files of exports that were downloaded, or waited in vain',
      table: 'exports',
      ageColumn: 'expires_at',
      days: 0,
      floorDays: 0,
      action: { clear: ['object_key'] },
      where: "object_key IS NOT NULL AND state IN ('ready', 'downloaded')",
      objectColumn: 'object_key',
    },
    'exports.finished': {
      description: 'Exports that came to an end, with their files',
      table: 'exports',
      ageColumn: 'finished_at',
      days: 7,
      floorDays: 0,
      action: 'delete',
      objectColumn: 'object_key',
    },
  },
  tables: {
    exports: {
      kind: 'tenant',
      resource: 'export',
      rows: {
        own: { column: 'requested_by', commands: ['select', 'insert', 'update'] },
        select: ['export:read', 'retention:preview', 'retention:run'],
      },
      retention: { policies: ['exports.files', 'exports.finished'] },
    },
  },
  controls: {
    'exports.watermark': {
      claims: ['M9'],
      description:
        'Every file says who exported it, for which organization, when and by which export; without that it ' +
        'is not made.',
    },
    'exports.scope': {
      claims: ['M9', 'M10'],
      description:
        'A file is made under the row policies of whoever asked for it; exports of everybody need a permission ' +
        'that trainees lack.',
    },
    'exports.single-use': {
      claims: ['M10'],
      description: 'The link works once, for fifteen minutes, for the same member; only its digest is stored.',
    },
    'exports.sealed-files': {
      claims: ['E15'],
      description:
        "Files are sealed before they reach the storage: everybody's under the organization's key, a person's " +
        "under that person's.",
    },
    'exports.formulas': { claims: ['M10'], description: 'Cells that a spreadsheet would run are defused.' },
  },
});

declare module '../../platform/feature/registry.js' {
  interface FeatureMap {
    exports: typeof exportsFeature;
  }
}
