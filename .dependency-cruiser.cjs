/** Who may import whom. Each rule's comment is what the reader of a breach is told. */
const TESTS = '\\.spec\\.ts$';

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
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
      from: { path: '^src/modules/([^/]+)/' },
      to: { path: '^src/modules/([^/]+)/', pathNot: ['^src/modules/$1/', '^src/modules/[^/]+/index\\.ts$'] },
    },
    {
      name: 'modules-are-entered-through-index',
      comment: 'Processes and commands, too, know a module by its index.ts alone.',
      severity: 'error',
      from: { path: '^src/(cli/|[^/]+\\.ts$)' },
      to: { path: '^src/modules/', pathNot: '^src/modules/[^/]+/index\\.ts$' },
    },
    {
      name: 'typeorm-stays-in-repositories',
      comment: 'Queries belong in *.repository.ts: services speak of people and sessions, not of tables.',
      severity: 'error',
      from: {
        path: '^src/',
        pathNot: ['\\.(repository|entity|module)\\.ts$', '^src/platform/database/', TESTS],
      },
      to: { path: 'node_modules/(typeorm|@nestjs/typeorm)/' },
    },
    {
      name: 'pg-stays-in-the-database-platform',
      comment:
        'Connections are taken by the unit of work, so that every transaction enters by an entrance; a COPY stream and the doctor, who tries each role, are the exceptions.',
      severity: 'error',
      from: {
        path: '^src/',
        pathNot: [
          '^src/platform/database/',
          '^src/cli/doctor-checks\\.ts$',
          '^src/modules/exports/(copy\\.repository|(people-)?csv)\\.ts$',
          TESTS,
        ],
      },
      to: { path: 'node_modules/(@types/)?(pg|pg-copy-streams|pg-cursor)/' },
    },
    {
      name: 'bullmq-stays-in-jobs',
      comment:
        'Work is enqueued by Jobs.enqueue and handled by @OnJob, so that it exists exactly when its transaction is committed.',
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
      name: 'commands-are-the-edge',
      comment: 'src/cli is used by src/cli.ts alone: what others need as well belongs in a module or the platform.',
      severity: 'error',
      from: { path: '^src/', pathNot: ['^src/cli/', '^src/cli\\.ts$', TESTS] },
      to: { path: '^src/cli/' },
    },
    {
      name: 'no-cycle',
      comment:
        'Two files that need each other at run time fail with "Cannot access before initialization": move what both need into a third.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
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
        'Add the package to the dependencies of package.json: what merely happens to be installed may be gone tomorrow.',
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
