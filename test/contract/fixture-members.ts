import type { Harness } from '../harness/app.js';
import type { Client } from '../harness/client.js';
import { CodeApp, enrollPasskey, enrollTotp } from '../harness/factors.js';
import type { Member } from '../harness/factories.js';
import { inviteToken, mailedToken } from '../harness/mail.js';
import { declared } from '../../src/platform/feature/registry.js';
import type { Tenant } from './fixtures.js';

/**
 * Creates two members for page tests: one with an unverified e-mail address and its token, and one with a started
 * TOTP enrollment.
 */
export async function makePageMembers(harness: Harness, org: string, role: string): Promise<Tenant['pages']> {
  const [{ email }, other] = [await harness.make.member(org, role), await harness.make.member(org, role)];
  const [client, confirming] = [await harness.signIn(email), await harness.signIn(other.email)];
  await client.post('/v1/auth/email/verify/request');
  const token = await mailedToken(harness, email);
  return {
    client,
    token,
    confirming,
    app: new CodeApp((await confirming.post('/v1/auth/totp/enroll')).body.secret as string),
  };
}

export async function verificationToken(harness: Harness, director: Client, { email }: Member): Promise<string> {
  await director.post('/v1/auth/email/verify/request');
  return mailedToken(harness, email);
}

/** Creates a member with TOTP, a passkey, and a remembered device, and one with a started TOTP enrollment. */
export async function makeFactorMembers(
  harness: Harness,
  org: string,
  role: string,
): Promise<Tenant['factorMember'] & { passkey: string; device: string }> {
  const [{ email }, other] = [await harness.make.member(org, role), await harness.make.member(org, role)];
  const client = await harness.signIn(email);
  const { id: passkey } = await enrollPasskey(harness, client);
  const { app: enrolledApp } = await enrollTotp(client);
  await harness.database.superuser('UPDATE organizations SET remember_device_days = 7 WHERE id = $1', [org]);
  const { status, text } = await harness
    .client()
    .post('/v1/auth/login', { email, password: 'Synthetic-Test-1', totp: enrolledApp.fresh(), rememberDevice: true });
  if (status !== 200) throw new Error(`the second factor was rejected: ${text}`);
  const device = (await client.get('/v1/auth/devices')).body.items[0].id as string;
  const confirming = await harness.signIn(other.email);
  return {
    client,
    confirming,
    app: new CodeApp((await confirming.post('/v1/auth/totp/enroll')).body.secret as string),
    passkey,
    device,
  };
}

/** Creates an invite of another organization to a member with an account. */
export async function inviteMember(harness: Harness, { email }: Member): Promise<Tenant['invitedTo']> {
  const org = await harness.make.organization('gme');
  const inviter = await harness.signIn((await harness.make.member(org, 'program_director')).email);
  const { status, text } = await inviter.post('/v1/invites', { email, name: 'Synthetic Guest', role: 'mentor' });
  if (status !== 201) throw new Error(`the invite was rejected: ${text}`);
  return { org, token: await inviteToken(harness, email) };
}

export async function anotherSession(harness: Harness, { email }: Member): Promise<string> {
  const client = await harness.signIn(email);
  return (await client.get('/v1/auth/me')).body.session.id as string;
}

/** Opens a session with the connection of a sign-in through a provider. */
export async function throughProvider(harness: Harness, { email }: Member, connection: string): Promise<Client> {
  const client = await harness.signIn(email);
  const { session } = (await client.get<{ session: { id: string } }>('/v1/auth/me')).body;
  await harness.database.superuser(`UPDATE sessions SET method = 'oidc', connection_id = $2 WHERE id = $1`, [
    session.id,
    connection,
  ]);
  return client;
}

/** Creates another organization with a tested connection, and a session of its owner with a second factor. */
export async function enforcingOwner(harness: Harness, metadata: string): ReturnType<Tenant['enforcing']> {
  const org = await harness.make.organization('gme');
  const { email, userId } = await harness.make.member(org, 'program_director');
  const client = await harness.signIn(email);
  const { body } = await client.post('/v1/sso/connections', { name: 'Synthetic', metadata, defaultRole: 'mentor' });
  await harness.database.superuser('UPDATE sso_connections SET tested_at = now() WHERE org_id = $1', [org]);
  await harness.database.superuser('UPDATE sessions SET second_factor_at = now() WHERE user_id = $1', [userId]);
  return { org, connection: body.id as string, client };
}

export async function removePermissions(harness: Harness, org: string, membership: string): Promise<void> {
  await harness.database.superuser(
    `INSERT INTO member_overrides (org_id, membership_id, permission, scope)
     SELECT $1, $2, p, 'none' FROM unnest($3::text[]) p`,
    [org, membership, [...declared('permissions').keys()]],
  );
}
