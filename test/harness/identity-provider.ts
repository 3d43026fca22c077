import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Client } from './client.js';

/** The form that the identity provider's page makes the browser post. */
export interface SamlPost {
  acsUrl: string;
  fields: Record<string, string>;
}

/** The development identity provider as a separate process. */
export class IdentityProvider {
  private constructor(
    private readonly process: ChildProcess,
    private readonly home: string,
  ) {}

  static async start(): Promise<IdentityProvider> {
    const home = await mkdtemp(path.join(tmpdir(), 'vouchsafe-idp-'));
    const child = spawn(process.execPath, ['scripts/identity-provider.mjs'], {
      env: { ...process.env, NODE_OPTIONS: '', VOUCHSAFE_HOME: home, IDP_PORT: '0' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const lines = createInterface({ input: child.stdout });
    await once(lines, 'line');
    return new IdentityProvider(child, home);
  }

  metadata(): Promise<string> {
    return readFile(path.join(this.home, 'idp', 'metadata.xml'), 'utf8');
  }

  /** Follows the redirect as a browser does, selects a user, and returns the form. */
  async answer(location: string, email: string): Promise<SamlPost> {
    const response = await fetch(`${location}&user=${encodeURIComponent(email)}`, {
      headers: { accept: 'application/json' },
    });
    if (!response.ok) throw new Error(`the identity provider answered ${response.status}: ${await response.text()}`);
    return (await response.json()) as SamlPost;
  }

  async stop(): Promise<void> {
    this.process.kill('SIGTERM');
    await once(this.process, 'exit');
    await rm(this.home, { recursive: true, force: true });
  }
}

/** Posts a SAML response, as the identity provider's page makes the browser do. */
export function postSaml(client: Client, connectionId: string, fields: Record<string, string>) {
  return client.post(`/v1/sso/saml/${connectionId}/acs`, undefined, {
    raw: new URLSearchParams(fields).toString(),
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      origin: 'http://127.0.0.1:1',
      'sec-fetch-site': 'cross-site',
    },
  });
}

/** Runs a complete sign-in as a browser does. Returns the response of the assertion consumer service. */
export async function signInBySaml(provider: IdentityProvider, client: Client, connectionId: string, email: string) {
  const { headers } = await client.get(`/v1/sso/saml/${connectionId}/login`);
  const { fields } = await provider.answer(headers.get('location')!, email);
  return postSaml(client, connectionId, fields);
}
