import { Authenticator } from '../harness/authenticator.js';
import type { Client } from '../harness/client.js';
import type { Ids, Tenant } from './fixtures.js';

/** A request that a route answers with success. Every id in it is swapped for another tenant's by the tests. */
export interface Sample {
  params?: Record<string, string>;
  query?: Record<string, string>;
  body?: Record<string, unknown>;
  /** The organization in whose log it is written, where that is another one. */
  log?: string;
  /** Who sends it where it may succeed, since it would end the sender's session; the director if not given. */
  by?: Client;
  /** Ends what the caller stands on: sent last. */
  last?: true;
}

type MakeSample = (ids: Ids, tenant: Tenant) => Sample | Promise<Sample>;

/**
 * Samples of routes for which the description of the API does not suffice: another caller, a value that exists only
 * once, or a filter that must find something. Every other route has a default sample (default-samples.ts). A public
 * route is in PUBLIC below, with the reason.
 */
export const SAMPLES: Record<string, MakeSample> = {
  'POST /v1/auth/logout': () => ({ last: true }),
  'DELETE /v1/auth/sessions': async (_ids, { deputy, signIn }) => ({ by: await signIn(deputy) }),
  'POST /v1/auth/invites/accept': (_ids, { invitedTo: { org, token }, director }) => ({
    body: { token },
    log: org,
    by: director,
  }),
  'POST /v1/auth/password/change': () => ({
    body: { currentPassword: 'Synthetic-Test-1', newPassword: 'Synthetic-Test-2' },
    last: true,
  }),
  'POST /v1/auth/totp/confirm': (_ids, { keeper: { confirming, app } }) => ({
    body: { code: app.code() },
    by: confirming,
  }),
  'DELETE /v1/auth/totp': (_ids, { keeper: { client } }) => ({ by: client }),
  'POST /v1/auth/recovery-codes': (_ids, { keeper: { client } }) => ({ by: client }),
  'POST /v1/auth/step-up': (_ids, { pages: { client } }) => ({ body: { password: 'Synthetic-Test-1' }, by: client }),
  'GET /v1/auth/devices': (_ids, { keeper: { client } }) => ({ by: client }),
  'DELETE /v1/auth/devices/:id': ({ device }, { keeper: { client } }) => ({ params: { id: device }, by: client }),
  'GET /v1/auth/passkeys': (_ids, { keeper: { client } }) => ({ by: client }),
  'POST /v1/auth/passkeys': async (_ids, { keeper: { client } }) => {
    const { body: options } = await client.get('/v1/auth/passkeys/options');
    return {
      body: { name: 'Second', credential: new Authenticator('http://127.0.0.1:3000').create(options) },
      by: client,
    };
  },
  'PATCH /v1/auth/passkeys/:id': ({ passkey }, { keeper: { client } }) => ({
    params: { id: passkey },
    body: { name: 'Renamed' },
    by: client,
  }),
  'DELETE /v1/auth/passkeys/:id': ({ passkey }, { keeper: { client } }) => ({ params: { id: passkey }, by: client }),
  'POST /v1/auth/email/verify': (_ids, { verification, director }) => ({ body: { token: verification }, by: director }),
  'POST /v1/auth/organization': async ({ sister }, { traveller, signIn }) => ({
    body: { orgId: sister },
    by: await signIn(traveller),
  }),
  'POST /v1/sso/connections': async (_ids, { metadata, roles }) => ({
    body: { name: 'Second', metadata, defaultRole: roles.subject },
  }),
  'POST /v1/sso/connections/:id/keys/rotate': async ({ connection }, { director }) => {
    for (let key = 0; key < 2; key += 1) await director.post(`/v1/sso/connections/${connection}/keys`);
    return { params: { id: connection } };
  },
  'POST /v1/sso/connections/:id/refresh': ({ publishedConnection }) => ({ params: { id: publishedConnection } }),
  'GET /v1/sso/connections/:id/test': ({ connection }, { director }) => ({ params: { id: connection }, by: director }),
  'POST /v1/sso/domains': ({ org }) => ({ body: { domain: `second-${org}.example` } }),
  'GET /v1/sso/oidc/:connectionId/logout': async ({ oidcConnection }, { throughProvider }) => ({
    params: { connectionId: oidcConnection },
    by: await throughProvider(),
  }),
  'GET /v1/sso/connections/:id/scim-tokens': ({ directory }) => ({ params: { id: directory } }),
  'POST /v1/sso/connections/:id/scim-tokens': ({ directory }) => ({
    params: { id: directory },
    body: { expiresInDays: 30 },
  }),
  'DELETE /v1/sso/connections/:id/scim-tokens/:tokenId': ({ directory, scimToken }) => ({
    params: { id: directory, tokenId: scimToken },
  }),
  'PATCH /v1/organizations/current/sign-in': () => ({
    body: { allowedSignIn: ['password', 'saml'], requireSso: false },
  }),
  'POST /v1/organizations/current/owner': async ({ heir }, { deputy, signIn, roles }) => ({
    body: { membershipId: heir, ownRole: roles.helper },
    by: await signIn(deputy),
    last: true,
  }),
  'POST /v1/access/grants/:id/decline': ({ declinable }) => ({ params: { id: declinable } }),
  'GET /v1/access/who-can': ({ person }) => ({
    query: { resource: 'person', id: person, permission: 'person:unlock-contact', limit: '10' },
  }),
  'POST /v1/access/reviews/:id/complete': ({ decidedReview }) => ({ params: { id: decidedReview } }),
  'GET /v1/api-keys': ({ keyOwner }) => ({ query: { membershipId: keyOwner, limit: '10' } }),
  'POST /v1/api-keys/:id/rotate': ({ apiKey }, { director }) => ({
    params: { id: apiKey },
    body: { overlapSeconds: 60 },
    by: director,
  }),
  'POST /v1/roles': (_ids, { roles }) => ({ body: { key: 'coordinator', name: 'Coordinator', copyOf: roles.helper } }),
  'PUT /v1/roles/:role/permissions/:permission': (_ids, { roles }) => ({
    params: { role: roles.helper, permission: 'person:update' },
    body: { scope: 'assigned' },
  }),
  'DELETE /v1/roles/:role/permissions/:permission': (_ids, { roles }) => ({
    params: { role: roles.helper, permission: 'person:update' },
  }),
  'GET /v1/audit': ({ user, person }) => ({
    query: { actorId: user, targetId: person, targetType: 'person', outcome: 'success', limit: '10' },
  }),
  'POST /v1/exports': ({ person }) => ({ body: { kind: 'person_pdf', personId: person } }),
  'GET /v1/exports/:id/file': async ({ export: id }, { director, ids }) => {
    const { body } = await director.get<{ url: string }>(`/v1/exports/${ids.export}`);
    return { params: { id }, query: { token: new URL(body.url, 'http://a').searchParams.get('token')! } };
  },
  'POST /account/verify': (_ids, { pages: { token, client } }) => ({ body: { token }, by: client }),
  'POST /account/security/totp': (_ids, { pages: { client } }) => ({ by: client }),
  'POST /account/security/totp/confirm': (_ids, { pages: { confirming, app } }) => ({
    body: { code: app.code(), secret: 'ABCDEFGHIJKLMNOP' },
    by: confirming,
  }),
  'POST /account/step-up': (_ids, { pages: { client } }) => ({
    body: { password: 'Synthetic-Test-1', returnTo: '/account' },
    by: client,
  }),
  'POST /account/end-other-sessions': async (_ids, { deputy, signIn }) => ({ by: await signIn(deputy), last: true }),
  'POST /account/sign-out': async (_ids, { deputy, signIn }) => ({ by: await signIn(deputy), last: true }),
  'POST /v1/retention/policies/:name/run': () => ({ params: { name: 'sessions.expired' }, body: {} }),
};

const scimUser = (ids: Ids) => ({
  schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
  userName: `new-${ids.scimUser}@test.example`,
});
const scimPatch = (operation: object) => ({
  schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
  Operations: [operation],
});

/** One sample for each route that a directory comes to by its token. */
export const DIRECTORY: Record<string, (ids: Ids) => Sample> = {
  'GET /scim/v2/ServiceProviderConfig': () => ({}),
  'GET /scim/v2/ResourceTypes': () => ({}),
  'GET /scim/v2/ResourceTypes/:id': () => ({ params: { id: 'User' } }),
  'GET /scim/v2/Schemas': () => ({}),
  'GET /scim/v2/Schemas/:id': () => ({ params: { id: 'urn:ietf:params:scim:schemas:core:2.0:User' } }),
  'GET /scim/v2/Users': ({ scimUser: id }) => ({ query: { filter: `id eq "${id}"` } }),
  'GET /scim/v2/Users/:id': ({ scimUser: id }) => ({ params: { id } }),
  'POST /scim/v2/Users': (ids) => ({ body: scimUser(ids) }),
  'PUT /scim/v2/Users/:id': (ids) => ({
    params: { id: ids.scimUser },
    body: scimUser({ ...ids, scimUser: `put-${ids.scimUser}` }),
  }),
  'PATCH /scim/v2/Users/:id': ({ scimUser: id }) => ({
    params: { id },
    body: scimPatch({ op: 'replace', path: 'displayName', value: 'Synthetic Renamed' }),
  }),
  'DELETE /scim/v2/Users/:id': ({ scimUser: id }) => ({ params: { id } }),
  'GET /scim/v2/Groups': ({ scimUser: id }) => ({ query: { filter: `members eq "${id}"` } }),
  'GET /scim/v2/Groups/:id': ({ scimGroup: id }) => ({ params: { id } }),
  'POST /scim/v2/Groups': ({ scimUser: value }) => ({
    body: { displayName: `Synthetic ${value}`, members: [{ value }] },
  }),
  'PUT /scim/v2/Groups/:id': ({ scimGroup: id }) => ({ params: { id }, body: { displayName: 'Synthetic Renamed' } }),
  'PATCH /scim/v2/Groups/:id': ({ scimGroup: id, scimUser: value }) => ({
    params: { id },
    body: scimPatch({ op: 'add', path: 'members', value: [{ value }] }),
  }),
  'DELETE /scim/v2/Groups/:id': ({ scimGroup: id }) => ({ params: { id } }),
};

/** Routes that take no session, each with the way it keeps strangers out. Whoever adds one has thought about it. */
export const PUBLIC: Record<string, string> = {
  'GET /metrics': 'a bearer token, required outside development and test',
  'GET /health/live': 'tells only that the process runs',
  'GET /health/ready': 'tells only which services answer',
  'POST /v1/auth/login': 'five tries an account, and a limit by address',
  'POST /v1/auth/login/mfa':
    'the cookie of a sign-in whose password was right; five tries an account, and a limit by address',
  'GET /v1/auth/login/mfa/options': 'the cookie of a sign-in whose password was right; a limit by address',
  'GET /v1/auth/passkeys/sign-in/options': 'tells nothing of anybody; a limit by address',
  'POST /v1/auth/passkeys/sign-in': 'the signature of a passkey over a challenge of this browser; a limit by address',
  'POST /v1/auth/password/forgot': 'tells nothing, three mails an address and hour, and a limit by address',
  'POST /v1/auth/password/reset': 'a token that was mailed, good once and for half an hour; a limit by address',
  'POST /v1/invites/accept': 'a signed token that was mailed, good once; a limit by address',
  'GET /v1/sso/saml/:connectionId/metadata': 'holds public keys and addresses only',
  'GET /v1/sso/saml/:connectionId/login': 'sends to the identity provider; a limit by address',
  'GET /v1/sso/saml/:connectionId/form': 'a ticket of random bytes, good once, for the browser it was made for',
  'GET /v1/sso/saml/:connectionId/logout':
    "ends the session of the browser that comes; messages carry the identity provider's signature",
  'POST /v1/sso/saml/:connectionId/logout': "the identity provider's signature",
  'GET /v1/sso/discover': 'tells of domains, and of no account; a limit by address',
  'POST /v1/sso/saml/:connectionId/acs': "the identity provider's signature, and the browser that asked",
  'GET /assets/style.css': 'the same for everybody',
  'GET /assets/passkeys.js': 'the same for everybody',
  'GET /assets/token.js': 'the same for everybody',
  'GET /invites/accept': 'a form, the same for everybody',
  'POST /invites/accept': 'what POST /v1/invites/accept does, and only for a form of our own page',
  'GET /account/forgot': 'a form, the same for everybody',
  'POST /account/forgot': 'what POST /v1/auth/password/forgot does, and only for a form of our own page',
  'GET /account/reset': 'a form, the same for everybody',
  'POST /account/reset': 'what POST /v1/auth/password/reset does, and only for a form of our own page',
  'GET /sign-in/mfa': 'the cookie of a sign-in whose password was right; a limit by address',
  'POST /sign-in/mfa': 'what POST /v1/auth/login/mfa does, and only for a form of our own page',
  'GET /sign-in': 'looks at the domain of an address alone; a limit by address',
  'POST /sign-in/password': 'what POST /v1/auth/login does, and only for a form of our own page',
  'GET /v1/sso/oidc/:connectionId/login': 'sends to the provider; a limit by address',
  'GET /v1/sso/oidc/:connectionId/callback': "the state of this browser's request, and the provider's signature",
  'POST /v1/sso/oidc/:connectionId/backchannel-logout': "the provider's signature; a limit by address",
  'POST /v1/webhooks/:sourceId': 'a signature over the raw bytes; a limit by source',
};
