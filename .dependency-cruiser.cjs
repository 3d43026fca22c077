/** Who may import whom. Each rule's comment is what the reader of a breach is told. */
const TESTS = '\\.spec\\.ts$';

/** The layers of src/platform, lowest first. */
const LAYERS = [
  ['config', 'clock', 'feature', 'crypto', 'concurrency', 'telemetry'],
  ['problem', 'geoip', 'outbound', 'mail', 'redis'],
  ['context', 'database'],
  ['logging', 'audit', 'keys', 'policies'],
  ['jobs', 'http', 'webhooks'],
  ['access', 'storage', 'realtime'],
  ['health', 'pages', 'boot'],
];

/** The one upward arrow: the request context names the types of its transaction. `database` imports `context`. */
const CONTEXT = '^src/platform/context/';

/** One rule for each layer: a file imports from its own folder and from lower layers only. */
const layerRules = LAYERS.map((folders, index) => ({
  name: `platform-layer-${index + 1}`,
  comment: `${folders.join(', ')} may import their own folder and lower layers. Move the shared part down, or register a hook.`,
  severity: 'error',
  from: { path: `^src/platform/(${folders.join('|')})/`, pathNot: [TESTS, CONTEXT] },
  to: { path: `^src/platform/(${LAYERS.slice(index).flat().join('|')})/`, pathNot: ['^src/platform/$1/', CONTEXT] },
}));

/** A module is a folder of src/modules, or a folder of a module group. */
const MODULE = '(?:(?:auth|records)/[^/]+|(?!(?:auth|records)/)[^/]+)';

/** The modules of src/modules/auth in their order, lowest first; a module imports from lower lines only. */
const AUTH = [
  ['sessions'],
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
      comment: 'The context may name types of the database folder; it uses nothing of the platform above layer 2.',
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
      comment:
        'The platform is what every module stands on: pass what it needs in through a provider or a declaration.',
      severity: 'error',
      from: { path: '^src/platform/' },
      to: { path: '^src/(modules|cli|app\\.module|main|worker|cli)' },
    },
    {
      name: 'modules-meet-through-index',
      comment: 'Import another module through its index.ts; export there what others may use.',
      severity: 'error',
      from: { path: `^src/modules/(${MODULE})/` },
      to: { path: '^src/modules/', pathNot: ['^src/modules/$1/', `^src/modules/${MODULE}/index\\.ts$`] },
    },
    {
      name: 'webhooks-know-no-feature',
      comment:
        'Features handle their own webhook events: declare the event in webhookEvents and handle it with @OnWebhookEvent.',
      severity: 'error',
      from: { path: '^src/modules/webhooks/' },
      to: { path: '^src/modules/', pathNot: '^src/modules/webhooks/' },
    },
    {
      name: 'modules-are-entered-through-index',
      comment: 'Processes and commands, too, know a module by its index.ts alone.',
      severity: 'error',
      from: { path: '^src/(cli/|[^/]+\\.ts$)' },
      to: { path: '^src/modules/', pathNot: `^src/modules/${MODULE}/index\\.ts$` },
    },
    {
      name: 'typeorm-stays-in-the-database-platform',
      comment: 'Repositories send SQL by the unit of work (ADR 24). TypeORM holds the pool.',
      severity: 'error',
      from: { path: '^src/', pathNot: ['^src/platform/database/', TESTS] },
      to: { path: 'node_modules/(typeorm|@nestjs/typeorm)/' },
    },
    {
      name: 'pg-stays-in-the-database-platform',
      comment:
        'Connections are taken by the unit of work, so that every transaction enters by an entrance; a COPY ' +
        'stream and the doctor, who tries each role, are the exceptions.',
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
        'Work is enqueued by Jobs.enqueue and handled by @OnJob, so that it exists exactly when its ' +
        'transaction is committed.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/platform/jobs/' },
      to: { path: 'node_modules/bullmq/' },
    },
    {
      name: 'nodemailer-stays-in-mail',
      comment: 'Mail is sent by Mailer.send, which lets nothing into a header and nothing personal into an error.',
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
      comment: 'src/cli is used by src/cli.ts alone: what others need as well belongs in a module or the platform.',
      severity: 'error',
      from: { path: '^src/', pathNot: ['^src/cli/', '^src/cli\\.ts$', TESTS] },
      to: { path: '^src/cli/' },
    },
    {
      name: 'no-cycle',
      comment:
        'Two files that need each other at run time fail with "Cannot access before initialization": move what ' +
        'both need into a third.',
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
      comment: 'What the product needs does not live in a test.',
      severity: 'error',
      from: { path: '^src/', pathNot: TESTS },
      to: { path: [TESTS, '^test/'] },
    },
    {
      name: 'declared-packages-only',
      comment:
        'Add the package to the dependencies of package.json: what merely happens to be installed may be ' +
        'gone tomorrow.',
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
