import { InvalidArgumentError, Option, type Command } from 'commander';
import {
  GUIDED,
  SetupGuides,
  SsoConnectionTests,
  SsoSetupService,
  SsoTrace,
  type GuidedProvider,
} from '../modules/auth/sso/index.js';
import { OrganizationService } from '../modules/tenancy/index.js';
import { operate, type Operator } from './operator.js';
import { target } from './sso-connect.js';

interface Target {
  org: string;
  connection: string;
  json?: boolean;
}

/** `sso guide`, `test`, `trace`, and `enforce`. */
export function checkCommands(sso: Command): void {
  target(sso.command('guide').description('print what to enter at the identity provider'))
    .addOption(new Option('--provider <name>', 'the product').choices(GUIDED).default('generic'))
    .action(({ org, connection, provider, json }: Target & { provider: GuidedProvider }) =>
      operate({ json }, (operator) =>
        operator.within(org, async () => ({ ...(await operator.app.get(SetupGuides).guide(connection, provider)) })),
      ),
    );
  target(sso.command('test').description('print the page that tests the connection in the browser of a member')).action(
    ({ org, connection, json }: Target) =>
      operate({ json }, (operator) => operator.within(org, () => testOf(operator, connection))),
  );
  target(sso.command('trace').description('list the last attempts to sign in, with reasons and advice'))
    .option('--limit <n>', 'number of attempts, 1 to 50', attemptCount, 20)
    .action(({ org, connection, limit, json }: Target & { limit: number }) =>
      operate({ json }, (operator) =>
        operator.within(org, async () => {
          const { items } = await operator.app.get(SsoTrace).list(connection);
          return { attempts: items.slice(0, limit).map(attemptOf) };
        }),
      ),
    );
  enforceCommand(sso);
}

function enforceCommand(sso: Command): void {
  sso
    .command('enforce')
    .description('let members sign in through SSO only; a connection must have passed a test')
    .requiredOption('--org <id>', 'id of the organization')
    .option('--off', 'end the enforcement')
    .option('--json', 'print one JSON object')
    .action(({ org, off, json }: { org: string; off?: boolean; json?: boolean }) =>
      operate({ json }, (operator) =>
        operator.within(org, async () => {
          const organization = operator.app.get(OrganizationService);
          const { requireSso, allowedSignIn } = await organization.secure({ requireSso: off !== true });
          return { requireSso, allowedSignIn };
        }),
      ),
    );
}

/** Returns the page that starts a test, and the result of the last test. */
async function testOf({ app }: Operator, connection: string): Promise<Record<string, unknown>> {
  const { testedAt, metadataError } = await app.get(SsoSetupService).read(connection);
  const { items } = await app.get(SsoTrace).list(connection);
  const last = items.find(({ test }) => test);
  return {
    page: app.get(SsoConnectionTests).pageUrl(connection),
    openAs: 'a member with the permission sso:update',
    testedAt: testedAt?.toISOString() ?? null,
    ...(metadataError !== null && { metadataError }),
    ...(last && { lastTest: [attemptOf(last)] }),
  };
}

type Attempt = Awaited<ReturnType<SsoTrace['list']>>['items'][number];

function attemptOf({ at, accepted, test, reason, advice, issuer, requestId }: Attempt) {
  return { at, result: accepted ? 'accepted' : 'rejected', test, reason, advice, issuer, requestId };
}

function attemptCount(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1 || count > 50) throw new InvalidArgumentError('It must be 1 to 50.');
  return count;
}
