import { isEmailAddress, roleOf, type SsoIdentity } from '../sso/index.js';
import type { VerifiedIdToken } from './id-token.js';
import type { OidcConnection } from './oidc-connection.js';
import { ensure } from './oidc-error.js';
import type { JwtClaims } from './signed-token.js';
import { text } from './token-checks.js';

const GROUPS = 'groups';
const MAX_GROUPS = 1000;
/** The one issuer of all Google accounts, of institutions and of anybody. */
const GOOGLE = 'https://accounts.google.com';
/** Entra ID's word that the owner of the domain was checked; it comes as a boolean, a number or a text. */
const DOMAIN_CHECKED: readonly unknown[] = [true, 1, '1', 'true'];

/** A claim by its name, else by its path as Keycloak nests them (`realm_access.roles`). */
function claim(claims: JwtClaims, name: string): unknown {
  if (name in claims) return claims[name];
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

/** Entra ID names a place to ask in place of the groups, when a person is in more than 200. */
function areGroupsElsewhere(claims: JwtClaims, name: string): boolean {
  const elsewhere = claims['_claim_names'];
  return (
    claims['hasgroups'] === true ||
    (typeof elsewhere === 'object' && elsewhere !== null && Object.hasOwn(elsewhere, name))
  );
}

/** Whether the ID token leaves out something that userinfo may tell. */
export function isIncomplete(claims: JwtClaims, connection: OidcConnection): boolean {
  const groups = connection.groupAttribute ?? GROUPS;
  const withoutGroups =
    connection.groupRoles.length > 0 && claim(claims, groups) === undefined && !areGroupsElsewhere(claims, groups);
  return withoutGroups || claim(claims, connection.emailAttribute ?? 'email') === undefined;
}

/** Google's `hd` must be a domain that the organization answers for or has named: anybody can have a Google account. */
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
 * The name that a person keeps: the subject within its issuer, or in Entra ID, where subjects differ from client to
 * client, directory and object.
 */
function subjectKeyOf({ issuer, subject, claims }: VerifiedIdToken, connection: OidcConnection): string {
  if (connection.subject === 'sub') return subjectKey(issuer, subject);
  const [tid, oid] = [text(claims, 'tid'), text(claims, 'oid')];
  ensure(tid !== undefined && oid !== undefined, 'subject_attributes_missing');
  return JSON.stringify(['entra', tid, oid]);
}

/** The identity key of a subject. */
export function subjectKey(issuer: string, subject: string): string {
  return JSON.stringify(['sub', issuer, subject]);
}

/**
 * The address, from whichever of the two tells one, together with what that one says about it. Nobody has shown an
 * unverified address to be theirs.
 */
function emailOf(
  sources: readonly JwtClaims[],
  connection: OidcConnection,
): Pick<SsoIdentity, 'email' | 'emailUnverified'> {
  const name = connection.emailAttribute ?? 'email';
  const source = sources.find((claims) => claim(claims, name) !== undefined);
  if (source === undefined) return {};
  const email = claim(source, name);
  ensure(typeof email === 'string' && isEmailAddress(email), 'email_invalid');
  return source['email_verified'] === true || DOMAIN_CHECKED.includes(source['xms_edov'])
    ? { email }
    : { emailUnverified: true };
}

/** What is said of the person as texts, by claim; what the ID token says goes first. */
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

/** The person's groups; refused when the provider left them out, since a role would then be guessed. */
function groupsOf(sources: readonly JwtClaims[], connection: OidcConnection): string[] {
  const name = connection.groupAttribute ?? GROUPS;
  const found = sources.map((claims) => claim(claims, name)).find((value) => value !== undefined);
  const elsewhere = sources.some((claims) => areGroupsElsewhere(claims, name));
  ensure(!elsewhere || found !== undefined || connection.groupRoles.length === 0, 'groups_truncated');
  const groups: unknown[] = Array.isArray(found) ? found : [found];
  return [...new Set(groups.filter((group): group is string => typeof group === 'string'))].slice(0, MAX_GROUPS);
}

function displayNameOf(sources: readonly JwtClaims[], connection: OidcConnection): string | undefined {
  const names = sources.map(
    (claims) =>
      claim(claims, connection.nameAttribute ?? 'name') ??
      [claims['given_name'], claims['family_name']].filter(Boolean).join(' '),
  );
  return names
    .filter((name) => typeof name === 'string')
    .map((name) => name.trim().slice(0, 200))
    .find((name) => name !== '');
}

/**
 * Reads a person out of a verified ID token, and out of userinfo what the token leaves out.
 * @throws OidcError when it does not say clearly who this is
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
