import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { SsoSetupService } from '../modules/auth/index.js';
import { operate } from './operator.js';

interface AddSamlOptions { org: string; metadata: string; name: string; groupRole: string[]; defaultRole?: string; json?: boolean }

const MOST_METADATA_BYTES = 262_144;

/** `sso add-saml`. */
export function ssoCommands(program: Command): void {
  program.command('sso').description('single sign-on').command('add-saml').description('connect a SAML identity provider')
    .requiredOption('--org <id>').requiredOption('--metadata <file or URL>', "the identity provider's metadata")
    .option('--name <name>', 'how the connection is called', 'SAML')
    .option('--group-role <group=role>', 'the role of a group; repeat it, the first match wins', (value: string, all: string[]) => [...all, value], [])
    .option('--default-role <role>', 'the role of somebody in none of the groups')
    .option('--json')
    .action(async (options: AddSamlOptions) => {
      const metadata = await readMetadata(options.metadata);
      const groupRoles = options.groupRole.map(parseGroupRole);
      await operate(options, (operator) => operator.within(options.org, async () => {
        const { name, defaultRole } = options;
        const connection = await operator.app.get(SsoSetupService).create({ name, metadata, groupRoles, ...(defaultRole && { defaultRole }) });
        const { id, entityId, acsUrl, loginUrl, metadataUrl } = connection;
        return { id, entityId, acsUrl, loginUrl, metadataUrl };
      }));
    });
}

/** A group's name may hold '=', a role may not: the last one divides. */
function parseGroupRole(text: string): { group: string; role: string } {
  const at = text.lastIndexOf('=');
  if (at < 1) throw new Error(`--group-role must be group=role, not "${text}"`);
  return { group: text.slice(0, at), role: text.slice(at + 1) };
}

async function readMetadata(source: string): Promise<string> {
  if (!/^https?:/.test(source)) return readFile(source, 'utf8');
  const response = await fetch(source, { redirect: 'error', signal: AbortSignal.timeout(10_000) });
  if (!response.ok) throw new Error(`${source} answered ${response.status}`);
  const text = await response.text();
  if (text.length > MOST_METADATA_BYTES) throw new Error(`${source} is larger than any metadata`);
  return text;
}
