import { Authenticator } from '../harness/authenticator.js';
import type { Client } from '../harness/client.js';
import type { Ids, Tenant } from './world.js';

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
 * One sample a route. A public route that takes no session stands in PUBLIC below instead.
 * A route without either fails the tests with a message that says to add it here.
 */
export const SAMPLES: Record<string, MakeSample> = {
  'GET /v1/auth/me': () => ({}),
  'GET /v1/auth/sessions': () => ({}),
  'POST /v1/auth/logout': () => ({ last: true }),
  'DELETE /v1/auth/sessions': async (_ids, { deputy, signIn }) => ({ by: await signIn(deputy) }),
  'DELETE /v1/auth/sessions/:id': ({ session }) => ({ params: { id: session } }),
  'POST /v1/auth/invites/accept': (_ids, { invitedTo: { org, token }, director }) => ({
    body: { token },
    log: org,
    by: director,
  }),
  'POST /v1/auth/password/change': () => ({
    body: { currentPassword: 'Synthetic-Test-1', newPassword: 'Synthetic-Test-2' },
    last: true,
  }),
  'GET /v1/auth/factors': () => ({}),
  'POST /v1/auth/totp/enroll': () => ({}),
  'POST /v1/auth/totp/confirm': (_ids, { keeper: { confirming, app } }) => ({
    body: { code: app.code() },
    by: confirming,
  }),
  'DELETE /v1/auth/totp': (_ids, { keeper: { client } }) => ({ by: client }),
  'POST /v1/auth/recovery-codes': (_ids, { keeper: { client } }) => ({ by: client }),
  'POST /v1/auth/step-up': (_ids, { pages: { client } }) => ({ body: { password: 'Synthetic-Test-1' }, by: client }),
  'GET /v1/auth/step-up/options': () => ({}),
  'GET /v1/auth/devices': (_ids, { keeper: { client } }) => ({ by: client }),
  'DELETE /v1/auth/devices/:id': ({ device }, { keeper: { client } }) => ({ params: { id: device }, by: client }),
  'GET /v1/auth/passkeys': (_ids, { keeper: { client } }) => ({ by: client }),
  'GET /v1/auth/passkeys/options': () => ({}),
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
  'POST /v1/auth/email/verify/request': () => ({}),
  'POST /v1/auth/email/verify': (_ids, { verification, director }) => ({ body: { token: verification }, by: director }),
  'GET /v1/auth/organizations': () => ({}),
  'POST /v1/auth/organization': async ({ sister }, { traveller, signIn }) => ({
    body: { orgId: sister },
    by: await signIn(traveller),
  }),

  'GET /v1/sso/connections': () => ({}),
  'POST /v1/sso/connections': async (_ids, { metadata, roles }) => ({
    body: { name: 'Second', metadata, defaultRole: roles.subject },
  }),
  'GET /v1/sso/connections/:id': ({ connection }) => ({ params: { id: connection } }),
  'PATCH /v1/sso/connections/:id': ({ connection }) => ({ params: { id: connection }, body: { name: 'Renamed' } }),
  'POST /v1/sso/connections/:id/key': ({ connection }) => ({ params: { id: connection } }),
  'POST /v1/sso/connections/:id/key/switch': async ({ connection }, { director }) => {
    for (let key = 0; key < 2; key += 1) await director.post(`/v1/sso/connections/${connection}/key`);
    return { params: { id: connection } };
  },
  'POST /v1/sso/connections/:id/refresh': ({ publishedConnection }) => ({ params: { id: publishedConnection } }),
  'GET /v1/sso/connections/:id/guide': ({ connection }) => ({
    params: { id: connection },
    query: { provider: 'okta' },
  }),
  'POST /v1/sso/connections/:id/test': ({ connection }) => ({ params: { id: connection } }),
  'GET /v1/sso/connections/:id/test': ({ connection }, { director }) => ({ params: { id: connection }, by: director }),
  'GET /v1/sso/connections/:id/trace': ({ connection }) => ({ params: { id: connection } }),
  'POST /v1/sso/connections/:id/mapping/preview': ({ connection }) => ({
    params: { id: connection },
    body: { groups: ['synthetic'], attributes: [{ name: 'title', values: ['Synthetic'] }] },
  }),
  'GET /v1/sso/domains': () => ({}),
  'POST /v1/sso/domains': ({ org }) => ({ body: { domain: `second-${org}.example` } }),
  'POST /v1/sso/domains/:id/verify': ({ domain }) => ({ params: { id: domain } }),
  'DELETE /v1/sso/domains/:id': ({ domain }) => ({ params: { id: domain } }),
  'GET /v1/sso/oidc/:connectionId/logout': async ({ oidcConnection }, { throughProvider }) => ({
    params: { connectionId: oidcConnection },
    by: await throughProvider(),
  }),
  'DELETE /v1/sso/connections/:id': ({ connection }) => ({ params: { id: connection } }),

  'GET /v1/sso/connections/:id/scim-tokens': ({ directory }) => ({ params: { id: directory } }),
  'POST /v1/sso/connections/:id/scim-tokens': ({ directory }) => ({
    params: { id: directory },
    body: { expiresInDays: 30 },
  }),
  'DELETE /v1/sso/connections/:id/scim-tokens/:tokenId': ({ directory, scimToken }) => ({
    params: { id: directory, tokenId: scimToken },
  }),

  'GET /v1/organizations/current': () => ({}),
  'PATCH /v1/organizations/current': () => ({ body: { idleMinutes: 30 } }),
  'PATCH /v1/organizations/current/sign-in': () => ({
    body: { allowedSignIn: ['password', 'saml'], requireSso: false },
  }),
  'POST /v1/organizations/current/owner': async ({ heir }, { deputy, signIn, roles }) => ({
    body: { membershipId: heir, ownRole: roles.helper },
    by: await signIn(deputy),
    last: true,
  }),
  'GET /v1/institutions/current/report': () => ({}),
  'GET /v1/memberships': () => ({ query: { status: 'active', limit: '10' } }),
  'POST /v1/memberships': ({ person }, { roles }) => ({
    body: { email: `${person}@test.example`, name: 'Synthetic Newcomer', role: roles.subject, personId: person },
  }),
  'PATCH /v1/memberships/:id': ({ membership }, { roles }) => ({
    params: { id: membership },
    body: { role: roles.subject },
  }),
  'DELETE /v1/memberships/:id/factors': ({ membership }) => ({ params: { id: membership } }),
  'DELETE /v1/memberships/:id': ({ membership }) => ({ params: { id: membership } }),

  'GET /v1/invites': () => ({ query: { limit: '10' } }),
  'POST /v1/invites': ({ person }, { roles }) => ({
    body: { email: `${person}@test.example`, name: 'Synthetic Newcomer', role: roles.subject, personId: person },
  }),
  'POST /v1/invites/:id/resend': ({ invite }) => ({ params: { id: invite } }),
  'DELETE /v1/invites/:id': ({ invite }) => ({ params: { id: invite } }),

  'GET /v1/access/grants': ({ membership }) => ({
    query: { state: 'requested', membershipId: membership, limit: '10' },
  }),
  'POST /v1/access/grants': ({ membership, person }) => ({
    body: {
      membershipId: membership,
      personId: person,
      grants: [{ permission: 'person:read', scope: 'org' }],
      reason: 'Synthetic reason of a test',
      minutes: 30,
    },
  }),
  'POST /v1/access/grants/:id/approve': ({ accessGrant }) => ({ params: { id: accessGrant } }),
  'POST /v1/access/grants/:id/decline': ({ declinable }) => ({ params: { id: declinable } }),
  'DELETE /v1/access/grants/:id': ({ accessGrant }) => ({ params: { id: accessGrant } }),

  'GET /v1/access/who-can': ({ person }) => ({
    query: { resource: 'person', id: person, permission: 'person:contact', limit: '10' },
  }),
  'GET /v1/access/preview': ({ user }) => ({ query: { userId: user } }),
  'POST /v1/access/reviews': () => ({}),
  'GET /v1/access/reviews': () => ({ query: { limit: '10' } }),
  'GET /v1/access/reviews/:id': ({ accessReview }) => ({ params: { id: accessReview } }),
  'GET /v1/access/reviews/:id/items': ({ accessReview }) => ({
    params: { id: accessReview },
    query: { decision: 'open', limit: '10' },
  }),
  'POST /v1/access/reviews/:id/items/:itemId': ({ accessReview, accessReviewItem }) => ({
    params: { id: accessReview, itemId: accessReviewItem },
    body: { decision: 'confirm', note: 'Synthetic' },
  }),
  'POST /v1/access/reviews/:id/complete': ({ decidedReview }) => ({ params: { id: decidedReview } }),

  'GET /v1/api-keys': ({ keyOwner }) => ({ query: { membershipId: keyOwner, limit: '10' } }),
  'POST /v1/api-keys': () => ({
    body: {
      name: 'Second',
      permissions: ['person:read'],
      expiresInDays: 30,
      allowedRanges: ['192.0.2.0/24', '2001:db8::/32'],
    },
  }),
  'POST /v1/api-keys/:id/rotate': ({ apiKey }, { director }) => ({
    params: { id: apiKey },
    body: { overlapSeconds: 60 },
    by: director,
  }),
  'DELETE /v1/api-keys/:id': ({ apiKey }) => ({ params: { id: apiKey } }),

  'GET /v1/permissions': () => ({}),
  'GET /v1/roles': () => ({}),
  'POST /v1/roles': (_ids, { roles }) => ({ body: { key: 'coordinator', name: 'Coordinator', copyOf: roles.helper } }),
  'PATCH /v1/roles/:role': ({ role }) => ({ params: { role }, body: { name: 'Renamed' } }),
  'DELETE /v1/roles/:role': ({ role }) => ({ params: { role } }),
  'PUT /v1/roles/:role/permissions/:permission': (_ids, { roles }) => ({
    params: { role: roles.helper, permission: 'person:update' },
    body: { scope: 'assigned' },
  }),
  'DELETE /v1/roles/:role/permissions/:permission': (_ids, { roles }) => ({
    params: { role: roles.helper, permission: 'person:update' },
  }),
  'PUT /v1/memberships/:id/permissions/:permission': ({ membership }) => ({
    params: { id: membership, permission: 'person:update' },
    body: { scope: 'own' },
  }),
  'DELETE /v1/memberships/:id/permissions/:permission': ({ membership }) => ({
    params: { id: membership, permission: 'person:update' },
  }),

  'GET /v1/people': () => ({ query: { kind: 'trainee', status: 'active', limit: '10' } }),
  'POST /v1/people': () => ({ body: { kind: 'trainee', givenName: 'Synthetic', familyName: 'Newcomer' } }),
  'GET /v1/people/:id': ({ person }) => ({ params: { id: person } }),
  'PATCH /v1/people/:id': ({ person }) => ({ params: { id: person }, body: { title: 'PGY-2' } }),
  'GET /v1/people/:id/contact': ({ person }) => ({ params: { id: person } }),
  'GET /v1/people/:id/history': ({ person }) => ({ params: { id: person }, query: { limit: '10' } }),
  'GET /v1/assignments': ({ person, membership }) => ({ query: { personId: person, membershipId: membership } }),
  'POST /v1/assignments': ({ person, membership }) => ({ body: { personId: person, membershipId: membership } }),
  'DELETE /v1/assignments/:id': ({ assignment }) => ({ params: { id: assignment } }),

  'GET /v1/audit': ({ user, person }) => ({
    query: { actorId: user, targetId: person, targetType: 'person', outcome: 'success', limit: '10' },
  }),
  'GET /v1/audit/event-types': () => ({}),

  'GET /v1/webhook-sources': () => ({ query: { limit: '10' } }),
  'POST /v1/webhook-sources': () => ({ body: { name: 'Second', scheme: 'standard' } }),
  'GET /v1/webhook-sources/:id': ({ source }) => ({ params: { id: source } }),
  'PATCH /v1/webhook-sources/:id': ({ source }) => ({ params: { id: source }, body: { name: 'Renamed' } }),
  'DELETE /v1/webhook-sources/:id': ({ source }) => ({ params: { id: source } }),
  'POST /v1/webhook-sources/:id/secrets': ({ source }) => ({ params: { id: source }, body: { overlapSeconds: 60 } }),
  'GET /v1/webhook-sources/:id/deliveries': ({ source }) => ({ params: { id: source }, query: { limit: '10' } }),
  'POST /v1/webhook-sources/deliveries/:deliveryId/replay': ({ delivery }) => ({ params: { deliveryId: delivery } }),

  'POST /v1/exports': ({ person }) => ({ body: { kind: 'person_pdf', personId: person } }),
  'GET /v1/exports': () => ({ query: { limit: '10' } }),
  'GET /v1/exports/:id': ({ export: id }) => ({ params: { id } }),
  'GET /v1/exports/:id/file': async ({ export: id }, { director, ids }) => {
    const { body } = await director.get<{ url: string }>(`/v1/exports/${ids.export}`);
    return { params: { id }, query: { token: new URL(body.url, 'http://a').searchParams.get('token')! } };
  },

  'GET /v1/events': () => ({}),

  'GET /account': () => ({}),
  'GET /account/security': () => ({}),
  'GET /account/step-up': () => ({}),
  'GET /account/verify': () => ({}),
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

  'GET /v1/retention/policies': () => ({}),
  'GET /v1/retention/policies/:name/preview': () => ({ params: { name: 'sessions.expired' } }),
  'POST /v1/retention/policies/:name/run': () => ({ params: { name: 'sessions.expired' }, body: {} }),
  'PUT /v1/retention/policies/:name/days': () => ({ params: { name: 'sessions.expired' }, body: { days: 2 } }),
  'DELETE /v1/retention/policies/:name/days': () => ({ params: { name: 'sessions.expired' } }),
  'GET /v1/retention/runs': () => ({ query: { policy: 'sessions.expired', limit: '10' } }),
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
  'POST /v1/auth/login/second-factor':
    'the cookie of a sign-in whose password was right; five tries an account, and a limit by address',
  'GET /v1/auth/login/second-factor/options': 'the cookie of a sign-in whose password was right; a limit by address',
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
  'GET /sign-in/second-factor': 'the cookie of a sign-in whose password was right; a limit by address',
  'POST /sign-in/second-factor': 'what POST /v1/auth/login/second-factor does, and only for a form of our own page',
  'GET /sign-in': 'looks at the domain of an address alone; a limit by address',
  'POST /sign-in/password': 'what POST /v1/auth/login does, and only for a form of our own page',
  'GET /v1/sso/oidc/:connectionId/login': 'sends to the provider; a limit by address',
  'GET /v1/sso/oidc/:connectionId/callback': "the state of this browser's request, and the provider's signature",
  'POST /v1/sso/oidc/:connectionId/backchannel-logout': "the provider's signature; a limit by address",
  'POST /v1/webhooks/:sourceId': 'a signature over the raw bytes; a limit by source',
};
