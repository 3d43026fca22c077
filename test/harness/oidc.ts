import { SsoSetupService } from '../../src/modules/auth/sso/sso-setup.service.js';
import type { Harness } from './app.js';
import type { Answer, Client } from './client.js';
import type { OidcAnswer, OidcIdp } from './oidc-idp.js';

/** The optional settings of a connection. */
export type OidcConnectionInput = Partial<Parameters<SsoSetupService['create']>[0]>;

/** Creates a connection to a provider, as an operator does. Returns its id. */
export async function connectOidc(
  harness: Harness,
  orgId: string,
  issuer: string,
  more: OidcConnectionInput = {},
): Promise<string> {
  const settings = {
    name: 'Test',
    protocol: 'oidc' as const,
    issuer,
    clientId: 'client',
    clientSecret: 'not-so-secret',
    groupRoles: [{ group: 'mentors', role: 'mentor' }],
    ...more,
  };
  const { id } = await harness.operator.within(orgId, () => harness.operator.app.get(SsoSetupService).create(settings));
  return id;
}

/** Starts a sign-in and returns the authorization URL. */
export async function departOidc(client: Client, connectionId: string, query = ''): Promise<string> {
  const { status, headers, text } = await client.get(`/v1/sso/oidc/${connectionId}/login${query}`);
  if (status !== 302) throw new Error(`the sign-in did not start: ${status} ${text}`);
  return headers.get('location')!;
}

/** Runs a complete sign-in. Returns the response of the callback. */
export async function signInByOidc(
  idp: OidcIdp,
  client: Client,
  connectionId: string,
  answer: OidcAnswer = {},
  query = '',
): Promise<Answer> {
  return client.get(idp.approve(await departOidc(client, connectionId, query), answer));
}

/** Returns the reasons of an organization's failed sign-ins, oldest first. */
export async function refusals(harness: Harness, orgId: string): Promise<string[]> {
  const rows = await harness.database.superuser<{ reason: string }>(
    `SELECT meta ->> 'reason' AS reason FROM audit_events WHERE type = 'auth.sign_in_failed' AND org_id = $1
       ORDER BY occurred_at, id`,
    [orgId],
  );
  return rows.map(({ reason }) => reason);
}
