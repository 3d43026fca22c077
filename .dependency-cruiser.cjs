/** The import rules. The comment of a rule is shown when the rule is violated. */
const TESTS = '\\.spec\\.ts$';

/** The layers of src/platform, lowest first. */
const LAYERS = [
  ['config', 'clock', 'feature', 'crypto', 'concurrency', 'telemetry'],
  ['problem', 'geoip', 'outbound', 'mail', 'redis'],
  ['context', 'database', 'input'],
  ['logging', 'audit', 'keys', 'policies'],
  ['jobs', 'http', 'webhooks'],
  ['access', 'storage', 'realtime'],
  ['health', 'pages', 'boot'],
];

/** The only upward import: the request context names types of its transaction. `database` imports `context`. */
const CONTEXT = '^src/platform/context/';

/** One rule for each layer: a file imports from its own folder and from lower layers only. */
const layerRules = LAYERS.map((folders, index) => ({
  name: `platform-layer-${index + 1}`,
  comment:
    `${folders.join(', ')} may import their own folder and lower layers. ` +
    'Move the shared part down, or register a hook.',
  severity: 'error',
  from: { path: `^src/platform/(${folders.join('|')})/`, pathNot: [TESTS, CONTEXT] },
  to: { path: `^src/platform/(${LAYERS.slice(index).flat().join('|')})/`, pathNot: ['^src/platform/$1/', CONTEXT] },
}));

/** A module is a folder of src/modules, or a folder of a module group. */
const MODULE = '(?:(?:auth|records)/[^/]+|(?!(?:auth|records)/)[^/]+)';

/** The modules of src/modules/auth in their order, lowest first; a module imports from lower lines only. */
const AUTH = [
  ['sessions', 'sso-messages'],
  ['passwords', 'sso', 'sign-in-alerts'],
  ['mfa', 'account-recovery', 'saml', 'oidc', 'scim', 'domains'],
  ['sign-in'],
  ['account-pages'],
];

const authRules = AUTH.map((folders, index) => ({
  name: `auth-level-${index + 1}`,
  comment: `${folders.join(', ')} may import lower modules of src/modules/auth only.`,
  severity: 'error',
  from: { path: `^src/modules/auth/(${folders.join('|')})/`, pathNot: TESTS },
  to: { path: `^src/modules/auth/(${AUTH.slice(index).flat().join('|')})/`, pathNot: '^src/modules/auth/$1/' },
}));

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    ...layerRules,
    {
      name: 'platform-context-names-types-only',
      comment: 'The context may import types of the database folder, and no code of the platform above layer 2.',
      severity: 'error',
      from: { path: CONTEXT, pathNot: TESTS },
      to: {
        path: `^src/platform/(${LAYERS.slice(2).flat().join('|')})/`,
        pathNot: [CONTEXT],
        dependencyTypesNot: ['type-only'],
      },
    },
    ...authRules,
    {
      name: 'platform-knows-no-module',
      comment: 'The platform does not import modules: pass what it needs through a provider or a declaration.',
      severity: 'error',
      from: { path: '^src/platform/' },
      to: { path: '^src/(modules|cli|app\\.module|main|worker|cli)' },
    },
    {
      name: 'modules-meet-through-index',
      comment: 'Import another module through its index.ts; export there what other modules may use.',
      severity: 'error',
      from: { path: `^src/modules/(${MODULE})/` },
      to: { path: '^src/modules/', pathNot: ['^src/modules/$1/', `^src/modules/${MODULE}/index\\.ts$`] },
    },
    {
      name: 'webhooks-know-no-feature',
      comment:
        'Features handle their own webhook events: declare the event in webhookEvents, and handle it with ' +
        '@OnWebhookEvent.',
      severity: 'error',
      from: { path: '^src/modules/webhooks/' },
      to: { path: '^src/modules/', pathNot: '^src/modules/webhooks/' },
    },
    {
      name: 'modules-are-entered-through-index',
      comment: 'Processes and commands also import a module only through its index.ts.',
      severity: 'error',
      from: { path: '^src/(cli/|[^/]+\\.ts$)' },
      to: { path: '^src/modules/', pathNot: `^src/modules/${MODULE}/index\\.ts$` },
    },
    {
      name: 'typeorm-stays-in-the-database-platform',
      comment: 'Repositories send SQL through the unit of work (ADR 24). TypeORM holds the pool.',
      severity: 'error',
      from: { path: '^src/', pathNot: ['^src/platform/database/', TESTS] },
      to: { path: 'node_modules/(typeorm|@nestjs/typeorm)/' },
    },
    {
      name: 'pg-stays-in-the-database-platform',
      comment:
        'The unit of work takes connections, so that every transaction enters a tenant context. The exceptions are a ' +
        'COPY stream and the doctor, which tests each role.',
      severity: 'error',
      from: {
        path: '^src/',
        pathNot: [
          '^src/platform/database/',
          '^src/cli/doctor-checks\\.ts$',
          '^src/modules/exports/(copy-stream|(people-)?csv)\\.ts$',
          TESTS,
        ],
      },
      to: { path: 'node_modules/(@types/)?(pg|pg-copy-streams|pg-cursor)/' },
    },
    {
      name: 'bullmq-stays-in-jobs',
      comment:
        'Enqueue work with Jobs.enqueue and handle it with @OnJob, so that a job exists exactly when its ' +
        'transaction is committed.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/platform/jobs/' },
      to: { path: 'node_modules/bullmq/' },
    },
    {
      name: 'nodemailer-stays-in-mail',
      comment: 'Send mail with Mailer.send, which protects headers and keeps personal data out of errors.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/platform/mail/' },
      to: { path: 'node_modules/nodemailer/' },
    },
    {
      name: 'mailer-stays-in-mail-delivery',
      comment: 'A job sends mail by MailDelivery.deliver, which loads, sends, and records in separate transactions.',
      severity: 'error',
      from: { path: '^src/', pathNot: ['^src/platform/mail/', '^src/platform/jobs/mail-delivery(\\.spec)?\\.ts$'] },
      to: { path: '^src/platform/mail/(mailer|smtp-mailer|file-mailer)\\.ts$' },
    },
    {
      name: 'commands-are-the-edge',
      comment: 'Only src/cli.ts imports src/cli. Put shared code into a module or the platform.',
      severity: 'error',
      from: { path: '^src/', pathNot: ['^src/cli/', '^src/cli\\.ts$', TESTS] },
      to: { path: '^src/cli/' },
    },
    {
      name: 'no-cycle',
      comment:
        'Two files that need each other at run time fail with "Cannot access before initialization". Move the shared ' +
        'part into a third file.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-orphan',
      comment: 'Nothing imports this file: delete it, or import it where it is needed.',
      severity: 'error',
      from: { orphan: true, pathNot: [TESTS, '^src/(main|worker|cli)\\.ts$', '^src/platform/pages/assets/'] },
      to: {},
    },
    {
      name: 'tests-stay-out-of-the-product',
      comment: 'The product must not import a test.',
      severity: 'error',
      from: { path: '^src/', pathNot: TESTS },
      to: { path: [TESTS, '^test/'] },
    },
    {
      name: 'declared-packages-only',
      comment:
        'Add the package to the dependencies of package.json: a package that is installed only transitively can ' +
        'disappear.',
      severity: 'error',
      from: { path: '^src/', pathNot: TESTS },
      to: {
        dependencyTypes: ['npm-no-pkg', 'npm-unknown', 'npm-dev', 'unknown', 'undetermined'],
        pathNot: '^node_modules/@types/',
      },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    combinedDependencies: false,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
};
