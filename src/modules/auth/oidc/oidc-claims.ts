import { cleanLine } from '../../../platform/http/one-line.js';
import { isMailAddress } from '../../../platform/mail/index.js';
import { roleOf, type SsoIdentity } from '../sso/index.js';
import type { VerifiedIdToken } from './id-token.js';
import type { OidcConnection } from './oidc-connection.js';
import { ensure } from './oidc-error.js';
import { isOfManyTenants } from './provider-metadata.js';
import type { JwtClaims } from './signed-token.js';
import { text } from './token-checks.js';

const EMAIL = 'email';
const GROUPS = 'groups';
const MAX_GROUPS = 1000;
const MAX_NAME = 200;
/** The issuer of all Google accounts, those of institutions and private ones. */
const GOOGLE = 'https://accounts.google.com';
/**
 * The claims that state whether an address is verified: that of OpenID Connect Core 1.0, section 5.1, and that of Entra
 * ID, which confirms the owner of the address's domain.
 */
const STATEMENTS = ['email_verified', 'xms_edov'] as const;
/** The values of these claims that confirm an address. Entra ID and Amazon Cognito also send texts and numbers. */
const CONFIRMED: readonly unknown[] = [true, 1, '1', 'true'];

/**
 * Returns a claim by its name, or by its path in nested claims as in Keycloak (`realm_access.roles`). Null means that
 * the provider has no value (OpenID Connect Core 1.0, section 5.3.2).
 */
function claim(claims: JwtClaims, name: string): unknown {
  if (name in claims) return claims[name] ?? undefined;
  return name
    .split('.')
    .reduce<unknown>(
      (found, part) =>
        typeof found === 'object' && found !== null && Object.hasOwn(found, part)
          ? (found as JwtClaims)[part]
          : undefined,
      claims,
    );
}

/** Returns whether Entra ID sent a link instead of the groups, as it does for a user in more than 200 groups. */
function areGroupsOmitted(claims: JwtClaims, name: string): boolean {
  const sources = claims['_claim_names'];
  return (
    claims['hasgroups'] === true || (typeof sources === 'object' && sources !== null && Object.hasOwn(sources, name))
  );
}

/**
 * Returns whether the ID token lacks a claim that userinfo may contain. `announced` lists the claims that the provider
 * can send (`claims_supported`). A provider that announces `email_verified` may state it in userinfo only.
 */
export function isIncomplete(
  claims: JwtClaims,
  connection: OidcConnection,
  announced: readonly string[] = [],
): boolean {
  const groups = connection.groupAttribute ?? GROUPS;
  const withoutGroups =
    connection.groupRoles.length > 0 && claim(claims, groups) === undefined && !areGroupsOmitted(claims, groups);
  const withoutStatement = announced.includes('email_verified') && statementsIn([claims]).length === 0;
  return withoutGroups || withoutStatement || claim(claims, addressClaim(connection)) === undefined;
}

/**
 * Checks Google's `hd` claim: it must be a verified or allowed domain of the organization, because any person can have
 * a Google account.
 */
export function checkHostedDomain(
  { issuer, claims }: VerifiedIdToken,
  connection: OidcConnection,
  verifiedDomains: readonly string[],
): void {
  const { hd } = claims;
  if (hd === undefined && issuer !== GOOGLE) return;
  const allowed = [...verifiedDomains, ...connection.tenants].map((domain) => domain.toLowerCase());
  ensure(typeof hd === 'string' && allowed.includes(hd.toLowerCase()), 'hosted_domain_mismatch');
}

/**
 * Returns the permanent key of a user: the issuer and the subject. Entra ID uses a different subject for each client.
 * The key there is the tenant id and the object id.
 */
function subjectKeyOf({ issuer, subject, claims }: VerifiedIdToken, connection: OidcConnection): string {
  if (connection.subject === 'sub') return subjectKey(issuer, subject);
  const [tid, oid] = [text(claims, 'tid'), text(claims, 'oid')];
  ensure(tid !== undefined && oid !== undefined, 'subject_attributes_missing');
  return JSON.stringify(['entra', tid, oid]);
}

/** Returns the identity key of a subject. */
export function subjectKey(issuer: string, subject: string): string {
  return JSON.stringify(['sub', issuer, subject]);
}

/** Returns what the provider states about the verification of the address, from all sources. */
function statementsIn(sources: readonly JwtClaims[]): unknown[] {
  return sources.flatMap((claims) => STATEMENTS.map((name) => claim(claims, name))).filter((one) => one !== undefined);
}

/**
 * Returns whether the connection may assert the address. Without a statement, the address counts as one that the
 * connection asserts, like an address of a SAML provider. No statement may deny the address. If a connection accepts
 * several directories, one of them could name an address of another, so a statement is required. A statement is about
 * the claim `email` of its own source. It says nothing about an address in another claim or another source.
 */
function isAsserted(sources: readonly JwtClaims[], source: JwtClaims, connection: OidcConnection): boolean {
  if (!statementsIn(sources).every((value) => CONFIRMED.includes(value))) return false;
  const isRequired = isOfManyTenants(connection.issuer) && connection.tenants.length > 1;
  return !isRequired || (addressClaim(connection) === EMAIL && statementsIn([source]).length > 0);
}

/** Returns the name of the claim that contains the address. */
function addressClaim({ emailAttribute }: OidcConnection): string {
  return emailAttribute ?? EMAIL;
}

/** Returns the e-mail address from the first source that has one, unless a source states that it is unverified. */
function emailOf(
  sources: readonly JwtClaims[],
  connection: OidcConnection,
): Pick<SsoIdentity, 'email' | 'emailUnverified'> {
  const name = addressClaim(connection);
  const source = sources.find((claims) => claim(claims, name) !== undefined);
  if (source === undefined) return {};
  const email = claim(source, name);
  ensure(typeof email === 'string' && isMailAddress(email), 'email_invalid');
  return isAsserted(sources, source, connection) ? { email } : { emailUnverified: true };
}

/** Returns the claims as texts, by name. The claims of the ID token take precedence. */
function textsOf(sources: readonly JwtClaims[]): Map<string, string[]> {
  const texts = (value: unknown): string[] =>
    Array.isArray(value)
      ? value.flatMap(texts)
      : ['string', 'number', 'boolean'].includes(typeof value)
        ? [String(value)]
        : [];
  return new Map(
    sources
      .toReversed()
      .flatMap((claims) => Object.entries(claims).map(([name, value]): [string, string[]] => [name, texts(value)])),
  );
}

/** Returns the user's groups. Rejects a response without the groups, because the role would be a guess. */
function groupsOf(sources: readonly JwtClaims[], connection: OidcConnection): string[] {
  const name = connection.groupAttribute ?? GROUPS;
  const found = sources.map((claims) => claim(claims, name)).find((value) => value !== undefined);
  const omitted = sources.some((claims) => areGroupsOmitted(claims, name));
  ensure(!omitted || found !== undefined || connection.groupRoles.length === 0, 'groups_truncated');
  const groups: unknown[] = Array.isArray(found) ? found : [found];
  return [...new Set(groups.filter((group): group is string => typeof group === 'string'))].slice(0, MAX_GROUPS);
}

function displayNameOf(sources: readonly JwtClaims[], connection: OidcConnection): string | undefined {
  const names = sources.map(
    (claims) =>
      claim(claims, connection.nameAttribute ?? 'name') ??
      [claims['given_name'], claims['family_name']].filter(Boolean).join(' '),
  );
  return names.map((name) => (typeof name === 'string' ? cleanLine(name, MAX_NAME) : undefined)).find(Boolean);
}

/**
 * Reads the user from a verified ID token and takes missing claims from userinfo.
 * @throws OidcError when the claims do not identify one user
 */
export function identityOf(
  token: VerifiedIdToken,
  userInfo: JwtClaims | undefined,
  connection: OidcConnection,
): SsoIdentity {
  const sources = [token.claims, ...(userInfo === undefined ? [] : [userInfo])];
  const groups = groupsOf(sources, connection);
  const claims = textsOf(sources);
  return {
    subjectKey: subjectKeyOf(token, connection),
    ...emailOf(sources, connection),
    displayName: displayNameOf(sources, connection),
    groups,
    role: roleOf(connection, groups, claims),
    claims,
  };
}
