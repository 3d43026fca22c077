import { defineFeature } from '../../platform/feature/define-feature.js';
import { MANAGER_ROLES } from '../../platform/feature/roles.js';

export const exportsFeature = defineFeature({
  name: 'exports',
  description:
    'Exports. A job builds a file with a watermark that names the requester. The file can be downloaded once.',
  permissions: {
    'export:create': {
      category: 'Exports',
      personScoped: true,
      description: "Export people or one person's record, limited to the member's scope.",
      scopes: { org: MANAGER_ROLES },
    },
    'export:read': {
      category: 'Exports',
      description: "See the status of exports, limited to the member's scope.",
      scopes: { org: MANAGER_ROLES },
    },
    'document:download': {
      category: 'Documents',
      personScoped: true,
      description: "Download documents, and the member's own exports.",
      scopes: { org: [...MANAGER_ROLES, 'staff', 'read_only'] },
    },
  },
  events: {
    'export.requested': {
      category: 'exports',
      severity: 'notice',
      description: 'A member requested an export.',
      meta: { kind: 'code', personId: 'id', filter: 'codes' },
      realtime: { permission: 'export:read' },
    },
    'export.link_issued': {
      category: 'exports',
      severity: 'info',
      description: 'The requester of an export received a download link.',
    },
    'export.downloaded': {
      category: 'exports',
      severity: 'notice',
      description: 'A member downloaded an export, or continued an interrupted download from a byte.',
      meta: { kind: 'code', rows: 'amount', bytes: 'amount', resumedFrom: 'amount' },
      realtime: { permission: 'export:read' },
    },
    'export.completed': {
      category: 'exports',
      severity: 'info',
      description: 'The worker finished an export.',
      meta: { kind: 'code', requestedBy: 'id', rows: 'amount', bytes: 'amount', unlocked: 'codes' },
      realtime: { permission: 'export:read' },
    },
    'export.failed': {
      category: 'exports',
      severity: 'warning',
      description: 'The worker could not build an export.',
      meta: { kind: 'code', requestedBy: 'id', reason: 'code' },
      realtime: { permission: 'export:read' },
    },
  },
  errors: {
    export_link_expired: { status: 410, title: 'The download link is no longer valid' },
  },
  jobs: {
    'exports.render': {
      description: 'Builds the file of one export with the scope of the requester',
      attempts: 5,
      backoffSeconds: 2,
      timeoutSeconds: 600,
      concurrency: 2,
      enqueuePermissions: ['export:create'],
    },
  },
  retention: {
    'exports.files': {
      description: 'Files of exports that were downloaded or that expired',
      table: 'exports',
      ageColumn: 'expires_at',
      days: 0,
      floorDays: 0,
      action: { clear: ['object_key'] },
      where: "object_key IS NOT NULL AND state IN ('ready', 'downloaded')",
      objectColumn: 'object_key',
    },
    'exports.finished': {
      description: 'Exports that have ended, with their files',
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
        'Every file names the user, the organization, the time, and the export. The system does not build a file ' +
        'without this watermark.',
    },
    'exports.scope': {
      claims: ['M9', 'M10'],
      description:
        'A file is built under the row policies of the requester. Exports of all people need a permission that ' +
        'trainees do not have.',
    },
    'exports.single-use': {
      claims: ['M10'],
      description:
        'A link works once, within fifteen minutes, and only for the requester. Only the same session can continue ' +
        'an interrupted download. Only the digest of the link is stored.',
    },
    'exports.sealed-files': {
      claims: ['E15'],
      description:
        "Files are encrypted before they reach the storage: exports of all people under the organization's key, " +
        "a person's record under that person's key.",
    },
    'exports.formulas': { claims: ['M10'], description: 'Cells that a spreadsheet would run as formulas are escaped.' },
  },
});

declare module '../../platform/feature/registry.js' {
  interface FeatureMap {
    exports: typeof exportsFeature;
  }
}
