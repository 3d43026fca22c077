import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { DomainChecks, DomainsService } from '../modules/auth/domains/index.js';
import { SsoSetupService } from '../modules/auth/sso/index.js';
import { AssignmentsService, PeopleService, type Kind } from '../modules/people/index.js';
import { WebhookSourcesService } from '../modules/webhooks/index.js';
import { PRESETS, type Preset } from '../platform/feature/roles.js';
import { AppConfig } from '../platform/config/index.js';
import { isUniqueViolation } from '../platform/database/errors.js';
import { operate, type Operator } from './operator.js';
import { createOrganization, createUser } from './organizations.js';

const PASSWORD = 'Synthetic-Demo-1';
const PARTNER = 'Synthetic partner';

interface SeedOptions {
  out: string;
  idpMetadata?: string;
  json?: boolean;
}
interface DemoSource {
  orgId: string;
  id: string;
  url: string;
  secret: string;
}
interface DemoFile {
  webhookSources?: DemoSource[];
}
interface DemoOrganization {
  id: string;
  name: string;
  preset: Preset;
  domain: string;
  kind: Kind;
}

/** Synthetic data: numbered names, domains that cannot exist (RFC 2606), and public ids. */
const ORGANIZATIONS: DemoOrganization[] = [
  {
    id: '01900000-0000-7000-8000-000000000001',
    name: 'Synthetic Residency Program',
    preset: 'gme',
    domain: 'residency.example',
    kind: 'trainee',
  },
  {
    id: '01900000-0000-7000-8000-000000000002',
    name: 'Synthetic Staffing Company',
    preset: 'workforce',
    domain: 'staffing.example',
    kind: 'clinician',
  },
  {
    id: '01900000-0000-7000-8000-000000000003',
    name: 'Synthetic Enrollment Group',
    preset: 'enrollment',
    domain: 'providers.example',
    kind: 'provider',
  },
];
const NUMBERS = ['One', 'Two', 'Three', 'Four', 'Five', 'Six', 'Seven', 'Eight', 'Nine', 'Ten', 'Eleven', 'Twelve'];
/** Roles with the scope "own", and roles with the scope "assigned". */
const OWN = ['trainee', 'portal'];
const ASSIGNED = ['mentor', 'member'];

/**
 * `demo seed`: creates an organization for each preset, with a user for each role. Development only. A second run
 * changes nothing.
 */
export function demoCommands(program: Command): void {
  program
    .command('demo')
    .description('demonstration data')
    .command('seed')
    .description('create synthetic organizations (development only)')
    .requiredOption('--out <file>', 'file for the created sign-ins')
    .option('--idp-metadata <file>', 'metadata of the development identity provider, to connect it')
    .option('--json')
    .action((options: SeedOptions) => operate(options, (operator) => seed(operator, options)));
}

async function seed(operator: Operator, { out, idpMetadata }: SeedOptions): Promise<{ organizations: number }> {
  if (operator.app.get(AppConfig).deployed) throw new Error('demonstration data is available in development only');
  for (const organization of ORGANIZATIONS) {
    if (await isNew(operator, organization)) await fill(operator, organization);
  }
  const sso = idpMetadata === undefined ? [] : await connect(operator, readFileSync(idpMetadata, 'utf8'));
  const known = existsSync(out) ? (JSON.parse(readFileSync(out, 'utf8')) as DemoFile) : {};
  const webhookSources = await connectPartners(operator, known.webhookSources ?? []);
  const { id, url, secret } = webhookSources[0]!;
  writeFileSync(
    out,
    JSON.stringify({ ...known, ...description(), sso, webhookSource: { id, url, secret }, webhookSources }, null, 2),
    { mode: 0o600 },
  );
  return { organizations: ORGANIZATIONS.length };
}

/** Connects each organization to the development identity provider, whose groups are named `preset:role`. */
async function connect(operator: Operator, metadata: string) {
  const setup = operator.app.get(SsoSetupService);
  for (const { id, preset } of ORGANIZATIONS) await verifyDomain(operator, id, `${preset}.example`);
  return Promise.all(
    ORGANIZATIONS.map(({ id: orgId, preset }) =>
      operator.within(orgId, async () => {
        const groupRoles = Object.keys(PRESETS[preset]).map((role) => ({ group: `${preset}:${role}`, role }));
        const [known] = (await setup.list()).items;
        const { id, loginUrl } =
          known === undefined
            ? await setup.create({ name: 'Development identity provider', metadata, groupRoles })
            : await setup.update(known.id, { metadata });
        return { orgId, id, loginUrl };
      }),
    ),
  );
}

/**
 * Marks the domain of an organization's synthetic users as verified, so that their e-mail addresses lead to the
 * identity provider. The domain cannot have a DNS record.
 */
async function verifyDomain(operator: Operator, orgId: string, name: string): Promise<void> {
  const { id } = await operator.within(orgId, () => operator.app.get(DomainsService).findOrAdd(name));
  await operator.as(orgId, () => operator.app.get(DomainChecks).markVerified(id));
}

/** Adds a webhook source to each organization. A secret is shown once, so an unknown secret is rotated. */
async function connectPartners(operator: Operator, known: DemoSource[]): Promise<DemoSource[]> {
  const sources = operator.app.get(WebhookSourcesService);
  return Promise.all(
    ORGANIZATIONS.map(({ id: orgId }) =>
      operator.within(orgId, async () => {
        const { items } = await sources.list({ limit: 100 });
        const source = items.find(({ name }) => name === PARTNER);
        if (source === undefined) {
          const { id, url, secret } = await sources.create({ name: PARTNER, scheme: 'standard' });
          return { orgId, id, url, secret };
        }
        const { id, url } = source;
        const { secret } = known.find((one) => one.id === id) ?? (await sources.rotate(id, { overlapSeconds: 0 }));
        return { orgId, id, url, secret };
      }),
    ),
  );
}

async function isNew(operator: Operator, organization: DemoOrganization): Promise<boolean> {
  try {
    await createOrganization(operator, organization.id, organization);
    return true;
  } catch (error) {
    if (isUniqueViolation(error)) return false;
    throw error;
  }
}

async function fill(operator: Operator, { id: org, preset, domain, kind }: DemoOrganization): Promise<void> {
  const people = await operator.within(org, () => createPeople(operator, domain, kind));
  for (const role of Object.keys(PRESETS[preset])) {
    const { membershipId } = await createUser(operator, {
      email: emailOf(role, domain),
      name: `Synthetic ${role.replaceAll('_', ' ')}`,
      org,
      role,
      password: PASSWORD,
      mustChange: false,
      personId: OWN.includes(role) ? people[0] : undefined,
    });
    if (ASSIGNED.includes(role)) await operator.within(org, () => assign(operator, membershipId, people.slice(0, 3)));
  }
}

async function createPeople(operator: Operator, domain: string, kind: Kind): Promise<string[]> {
  const ids: string[] = [];
  for (const [i, number] of NUMBERS.entries()) {
    const { id } = await operator.app.get(PeopleService).create({
      kind,
      givenName: 'Synthetic',
      familyName: number,
      externalId: `demo-${i + 1}`,
      title: i % 2 === 0 ? 'Year one' : 'Year two',
      email: `person${i + 1}@${domain}`,
      phone: `+1 202 555 01${String(i).padStart(2, '0')}`,
      address: `${i + 1} Example Street`,
      dateOfBirth: `19${80 + i}-01-15`,
      ssn: `000-12-${String(3450 + i)}`,
    });
    ids.push(id);
  }
  return ids;
}

async function assign(operator: Operator, membershipId: string, people: string[]): Promise<void> {
  for (const personId of people) await operator.app.get(AssignmentsService).create({ membershipId, personId });
}

function emailOf(role: string, domain: string): string {
  return `${role.replaceAll('_', '.')}@${domain}`;
}

function description() {
  return {
    organizations: ORGANIZATIONS.map(({ id, name, preset }) => ({ id, name, preset })),
    signIns: ORGANIZATIONS.flatMap(({ id, preset, domain }) =>
      Object.keys(PRESETS[preset]).map((role) => ({
        email: emailOf(role, domain),
        password: PASSWORD,
        orgId: id,
        role,
      })),
    ),
  };
}
