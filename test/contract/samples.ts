import { Authenticator } from '../harness/authenticator.js';
import type { Client } from '../harness/client.js';
import type { Ids, Tenant } from './fixtures.js';

/** A request that a route answers with success. The tests replace every id in it with another tenant's id. */
export interface Sample {
  params?: Record<string, string>;
  query?: Record<string, string>;
  body?: Record<string, unknown>;
  /** The organization whose audit log receives the event, if it is another one. */
  log?: string;
  /** The client that sends the request, if it would end the director's session. Default: the director. */
  by?: Client;
  /** The request revokes the caller's own access, so the tests send it last. */
  last?: true;
}

type MakeSample = (ids: Ids, tenant: Tenant) => Sample | Promise<Sample>;

/**
 * Samples of routes that the OpenAPI document does not fully describe: another caller, a unique value, or a filter
 * that must find a row. Every other route has a default sample (default-samples.ts). PUBLIC below lists the public
 * routes with a reason.
 */
export const SAMPLES: Record<string, MakeSample> = {
  'POST /v1/auth/logout': async (_ids, { deputy, signIn }) => ({ by: await signIn(deputy), last: true }),
  'DELETE /v1/auth/sessions': async (_ids, { deputy, signIn }) => ({ by: await signIn(deputy) }),
  'POST /v1/auth/invites/accept': (_ids, { invitedTo: { org, token }, director }) => ({
    body: { token },
    log: org,
    by: director,
  }),
  'POST /invites/accept/own': (_ids, { invitedToPage: { org, token }, director }) => ({
    body: { token },
    log: org,
    by: director,
  }),
  'POST /v1/auth/password/change': () => ({
    body: { currentPassword: 'Synthetic-Test-1', newPassword: 'Synthetic-Test-2' },
    last: true,
  }),
  'POST /v1/auth/totp/confirm': (_ids, { factorMember: { confirming, app } }) => ({
    body: { code: app.code() },
    by: confirming,
  }),
  'DELETE /v1/auth/totp': (_ids, { factorMember: { client } }) => ({ by: client }),
  'POST /v1/auth/recovery-codes': (_ids, { factorMember: { client } }) => ({ by: client }),
  'POST /v1/auth/step-up': (_ids, { pages: { client } }) => ({ body: { password: 'Synthetic-Test-1' }, by: client }),
  'GET /v1/auth/devices': (_ids, { factorMember: { client } }) => ({ by: client }),
  'DELETE /v1/auth/devices/:id': ({ device }, { factorMember: { client } }) => ({ params: { id: device }, by: client }),
  'GET /v1/auth/passkeys': (_ids, { factorMember: { client } }) => ({ by: client }),
  'POST /v1/auth/passkeys': async (_ids, { factorMember: { client } }) => {
    const { body: options } = await client.get('/v1/auth/passkeys/options');
    return {
      body: { name: 'Second', credential: new Authenticator('http://127.0.0.1:3000').create(options) },
      by: client,
    };
  },
  'PATCH /v1/auth/passkeys/:id': ({ passkey }, { factorMember: { client } }) => ({
    params: { id: passkey },
    body: { name: 'Renamed' },
    by: client,
  }),
  'DELETE /v1/auth/passkeys/:id': ({ passkey }, { factorMember: { client } }) => ({
    params: { id: passkey },
    by: client,
  }),
  'POST /v1/auth/email/verify': (_ids, { verification, director }) => ({ body: { token: verification }, by: director }),
  'POST /v1/auth/organization': async ({ sister }, { multiOrgMember, signIn }) => ({
    body: { orgId: sister },
    by: await signIn(multiOrgMember),
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
  'GET /sso-test/:connectionId': ({ connection }) => ({ params: { connectionId: connection } }),
  'POST /sso-test/:connectionId/start': ({ connection }) => ({ params: { connectionId: connection } }),
  'POST /sso-test/:connectionId/enforce': async (_ids, { enforcing }) => {
    const { org, connection, client } = await enforcing();
    return { params: { connectionId: connection }, by: client, log: org };
  },
  'GET /v1/memberships/:id/identities': ({ identityMember }) => ({ params: { id: identityMember } }),
  'DELETE /v1/memberships/:id/identities/:identityId': ({ identityMember, identity }) => ({
    params: { id: identityMember, identityId: identity },
  }),
  'GET /v1/auth/identities': async (_ids, { throughProvider }) => ({ by: await throughProvider() }),
  'POST /v1/sso/connections/:id/identity-move': ({ publishedConnection, directory }) => ({
    params: { id: directory },
    body: { fromConnectionId: publishedConnection, matchBy: 'subject', days: 30 },
  }),
  'POST /v1/sso/connections/:id/identity-move/preview': ({ publishedConnection, directory }) => ({
    params: { id: directory },
    body: { fromConnectionId: publishedConnection, matchBy: 'subject' },
  }),
  'DELETE /v1/sso/connections/:id/identity-move': ({ oidcConnection }) => ({ params: { id: oidcConnection } }),
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
  'POST /v1/organizations/current/owner': async ({ newOwner }, { deputy, signIn, roles }) => ({
    body: { membershipId: newOwner, ownRole: roles.helper },
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
  'POST /account/password': (_ids, { pages: { client } }) => ({
    body: { currentPassword: 'Synthetic-Test-1', newPassword: 'Synthetic-Test-2' },
    by: client,
    last: true,
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

/** One sample for each route that accepts a SCIM token. */
export const DIRECTORY: Record<string, (ids: Ids) => Sample> = {
  'GET /scim/v2/ServiceProviderConfig': () => ({}),
  'GET /scim/v2/ServiceProviderConfigs': () => ({}),
  'GET /scim/v2/serviceConfiguration': () => ({}),
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

/** The protection of the routes that link an identity to an account. */
const LINK_TICKET = 'the cookie of a verified answer and the browser that received it; a limit by IP';

/** Routes without a session, each with its protection. A new entry requires a review. */
export const PUBLIC: Record<string, string> = {
  'GET /metrics': 'a bearer token, required outside development and test',
  'GET /health/live': 'reveals only that the process runs',
  'GET /health/ready': 'reveals only the state of the services',
  'POST /v1/auth/login': 'five attempts per account, and a limit by IP',
  'POST /v1/auth/login/mfa':
    'the cookie of a sign-in with a correct password; five attempts per account, and a limit by IP',
  'GET /v1/auth/login/mfa/options': 'the cookie of a sign-in with a correct password; a limit by IP',
  'GET /v1/auth/passkeys/sign-in/options': 'reveals no account; a limit by IP',
  'POST /v1/auth/passkeys/sign-in': 'the signature of a passkey over a challenge of this browser; a limit by IP',
  'POST /v1/auth/password/forgot': 'reveals no account; three mails per address and hour, and a limit by IP',
  'POST /v1/auth/password/reset': 'a mailed single-use token, valid for half an hour; a limit by IP',
  'POST /v1/invites/accept': 'a mailed and signed single-use token; a limit by IP',
  'GET /v1/sso/saml/:connectionId/metadata': 'contains only public keys and URLs',
  'GET /v1/sso/saml/:connectionId/login': 'redirects to the identity provider; a limit by IP',
  'GET /v1/sso/saml/:connectionId/form': 'a random single-use ticket for one browser',
  'GET /v1/sso/saml/:connectionId/logout':
    "ends the session of the requesting browser; messages carry the identity provider's signature",
  'POST /v1/sso/saml/:connectionId/logout': "the identity provider's signature",
  'GET /v1/sso/discover': 'reveals domains but no account; a limit by IP',
  'POST /v1/sso/saml/:connectionId/acs': "the identity provider's signature, and the browser of the request",
  'GET /assets/style.css': 'the same for all callers',
  'GET /assets/passkeys.js': 'the same for all callers',
  'GET /assets/token.js': 'the same for all callers',
  'GET /invites/accept': 'a form, the same for all callers',
  'POST /invites/accept': "as POST /v1/invites/accept, and only from the application's own page",
  'GET /': 'redirects to the account page',
  'GET /account/verify': 'a form, and the token that the same browser kept in its cookie',
  'GET /account/forgot': 'a form, the same for all callers',
  'POST /account/forgot': "as POST /v1/auth/password/forgot, and only from the application's own page",
  'GET /account/reset': 'a form, the same for all callers',
  'POST /account/reset': "as POST /v1/auth/password/reset, and only from the application's own page",
  'GET /sign-in/mfa': 'the cookie of a sign-in with a correct password; a limit by IP',
  'POST /sign-in/mfa': "as POST /v1/auth/login/mfa, and only from the application's own page",
  'GET /signed-out': 'names only the connection in the cookie of the browser; a limit by IP',
  'GET /sign-in': 'looks up only the domain of an e-mail address; a limit by IP',
  'POST /sign-in/password': "as POST /v1/auth/login, and only from the application's own page",
  'GET /v1/auth/sso-link': LINK_TICKET,
  'GET /v1/auth/sso-link/passkey-options': LINK_TICKET,
  'POST /v1/auth/sso-link/proof': `${LINK_TICKET}; five attempts per account`,
  'POST /v1/auth/sso-link/confirm': `${LINK_TICKET}, and a proof of the account`,
  'GET /sign-in/link': LINK_TICKET,
  'POST /sign-in/link/proof': `as POST /v1/auth/sso-link/proof, and only from the application's own page`,
  'POST /sign-in/link/confirm': `as POST /v1/auth/sso-link/confirm, and only from the application's own page`,
  'GET /v1/sso/oidc/:connectionId/login': 'redirects to the provider; a limit by IP',
  'GET /v1/sso/oidc/:connectionId/callback': "the state of this browser's request, and the provider's signature",
  'GET /v1/sso/oidc/:connectionId/frontchannel-logout':
    'the unguessable id of a session at the provider, or the cookie of the browser; a limit by IP',
  'POST /v1/sso/oidc/:connectionId/backchannel-logout': "the provider's signature; a limit by IP",
  'POST /v1/webhooks/:sourceId': 'a signature over the raw bytes; a limit by source',
};
