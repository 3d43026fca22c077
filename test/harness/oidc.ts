import { SsoSetupService } from '../../src/modules/auth/sso/sso-setup.service.js';
import type { Harness } from './app.js';
import type { Answer, Client } from './client.js';
import type { OidcAnswer, OidcIdp } from './oidc-idp.js';

/** What may be said of a connection beyond its provider. */
export type OidcConnectionInput = Partial<Parameters<SsoSetupService['create']>[0]>;

/** Connects an organization to a provider, as an operator does. Returns the connection's id. */
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

/** Begins a sign-in; gives back the address that the browser is sent to. */
export async function departOidc(client: Client, connectionId: string, query = ''): Promise<string> {
  const { status, headers, text } = await client.get(`/v1/sso/oidc/${connectionId}/login${query}`);
  if (status !== 302) throw new Error(`no departure: ${status} ${text}`);
  return headers.get('location')!;
}

/** A whole sign-in; gives back the answer of our callback. */
export async function signInByOidc(
  idp: OidcIdp,
  client: Client,
  connectionId: string,
  answer: OidcAnswer = {},
  query = '',
): Promise<Answer> {
  return client.get(idp.approve(await departOidc(client, connectionId, query), answer));
}

/** Why the last sign-ins of an organization were refused, oldest first. */
export async function refusals(harness: Harness, orgId: string): Promise<string[]> {
  const rows = await harness.database.superuser<{ reason: string }>(
    `SELECT meta ->> 'reason' AS reason FROM audit_events WHERE type = 'auth.sign_in_failed' AND org_id = $1
       ORDER BY occurred_at, id`,
    [orgId],
  );
  return rows.map(({ reason }) => reason);
}
