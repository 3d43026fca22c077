import type { GuardedResponse } from './response-guard.js';
import { SIGN_IN_MS } from '../sso/index.js';
import { clockSkewMillis, UNSOLICITED_MS, type SamlConnection } from './saml-connection.js';
import { ASSERTION, FORMAT_UNSPECIFIED, METHOD_BEARER } from './saml-names.js';
import { ensure, SamlError } from './saml-error.js';
import { attribute, childrenNamed, readXml, type XmlElement, type XmlLimits } from './strict-xml.js';

/** What a response must match. */
export interface Expected {
  readonly connection: SamlConnection;
  /** The request of ours that it answers; without one it must answer none. */
  readonly requestId?: string;
  /** Where the person was to show anew who they are: since when. Epoch milliseconds. */
  readonly authenticatedSince?: number;
  /** Epoch milliseconds. */
  readonly now: number;
}

/** The subject's name with the qualifiers that make it unique (saml-core-2.0-os, section 2.2.2). */
export interface NameId {
  readonly value: string;
  readonly format: string;
  readonly nameQualifier: string;
  readonly spNameQualifier: string;
}

/** One attribute: values as text, those with markup in them left out. */
export interface SamlAttribute {
  readonly name: string;
  /** The name for people to read, which the standard attaches no meaning to. */
  readonly friendlyName?: string;
  readonly values: readonly string[];
}

/** An assertion that was signed by the connection's identity provider for us, now, in answer to our request. */
export interface VerifiedAssertion {
  readonly id: string;
  readonly nameId: NameId;
  readonly attributes: readonly SamlAttribute[];
  /** When it can no longer be presented, clock skew included. Epoch milliseconds. */
  readonly replayableUntil: number;
  /** The identity provider's own end of the session, which ours must not outlive. Epoch milliseconds. */
  readonly sessionEnds?: number;
  readonly sessionIndex?: string;
  /** When the person last showed who they are. Epoch milliseconds. */
  readonly authenticatedAt: number;
}

/** xs:dateTime with its zone; without one, readers would each assume their own. */
const DATE_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/;

/** Canonical form repeats namespace declarations, so that it may be some times larger than what was sent. */
const LIMITS: XmlLimits = { maxBytes: 1024 * 1024, maxDepth: 20, maxNodes: 6000 };

/** A time that a message states. Throws time_malformed. */
export function time(element: XmlElement, name: string): number | undefined {
  const value = attribute(element, name);
  if (value === undefined) return undefined;
  const millis = DATE_TIME.test(value) ? Date.parse(value) : NaN;
  ensure(!Number.isNaN(millis), 'time_malformed', name);
  return millis;
}

/** Checks what the response around the assertion says. It may be unsigned: this can only refuse, never vouch. */
export function checkResponse(response: GuardedResponse, connection: SamlConnection): void {
  const [issuer] = childrenNamed(response.root, ASSERTION, 'Issuer');
  ensure(issuer === undefined || issuer.text === connection.idpEntityId, 'issuer_mismatch');
  // Only an unsigned response may leave it out (saml-bindings-2.0-os, section 3.5.5.2); the signed Recipient then
  // decides.
  const destination = attribute(response.root, 'Destination');
  ensure(destination === connection.acsUrl || (destination === undefined && !response.signed), 'destination_mismatch');
}

/** The name, from the one place where it may stand: not from an attribute that calls itself `nameID`. */
export function nameIdOf(subject: XmlElement, connection: SamlConnection): NameId {
  ensure(childrenNamed(subject, ASSERTION, 'EncryptedID').length === 0, 'id_encrypted');
  const names = childrenNamed(subject, ASSERTION, 'NameID');
  const [name] = names;
  ensure(names.length === 1 && name !== undefined && name.children.length === 0, 'name_id_missing');
  ensure(name.text.length > 0 && name.text.length <= 256 && name.text.trim() === name.text, 'name_id_missing');
  return {
    value: name.text,
    format: attribute(name, 'Format') ?? FORMAT_UNSPECIFIED,
    nameQualifier: attribute(name, 'NameQualifier') ?? connection.idpEntityId,
    spNameQualifier: attribute(name, 'SPNameQualifier') ?? connection.spEntityId,
  };
}

/**
 * One bearer confirmation (saml-profiles-2.0-os, section 4.1.4.2): delivered to us, in time, for our request. Returns
 * when it ends.
 */
function confirm(confirmation: XmlElement, { connection, requestId, now }: Expected): number {
  const skew = clockSkewMillis(connection);
  const [data] = childrenNamed(confirmation, ASSERTION, 'SubjectConfirmationData');
  ensure(data !== undefined, 'confirmation_missing');
  ensure(attribute(data, 'Recipient') === connection.acsUrl, 'confirmation_recipient_mismatch');
  ensure(attribute(data, 'InResponseTo') === requestId, 'in_response_to_mismatch');
  const notOnOrAfter = time(data, 'NotOnOrAfter');
  ensure(notOnOrAfter !== undefined, 'confirmation_missing', 'NotOnOrAfter');
  ensure(now < notOnOrAfter + skew, 'confirmation_expired');
  ensure(now >= (time(data, 'NotBefore') ?? 0) - skew, 'confirmation_not_yet_valid');
  return notOnOrAfter;
}

/** The first bearer confirmation that holds, or the refusal of the first that does not. */
function checkConfirmations(subject: XmlElement, expected: Expected): number {
  const bearers = childrenNamed(subject, ASSERTION, 'SubjectConfirmation').filter(
    (confirmation) => attribute(confirmation, 'Method') === METHOD_BEARER,
  );
  let refusal = new SamlError('confirmation_missing');
  for (const [index, bearer] of bearers.entries()) {
    try {
      return confirm(bearer, expected);
    } catch (error) {
      if (!(error instanceof SamlError)) throw error;
      if (index === 0) refusal = error;
    }
  }
  throw refusal;
}

/**
 * Conditions (saml-core-2.0-os, section 2.5.1): ours alone in the audience, in time, and none that is not understood.
 */
function checkConditions(assertion: XmlElement, { connection, now }: Expected): number {
  const all = childrenNamed(assertion, ASSERTION, 'Conditions');
  const [conditions] = all;
  ensure(conditions !== undefined && all.length === 1, 'conditions_missing');
  const skew = clockSkewMillis(connection);
  const ends = time(conditions, 'NotOnOrAfter') ?? Infinity;
  ensure(now < ends + skew, 'assertion_expired');
  ensure(now >= (time(conditions, 'NotBefore') ?? 0) - skew, 'assertion_not_yet_valid');
  const understood = ['AudienceRestriction', 'OneTimeUse', 'ProxyRestriction'];
  for (const condition of conditions.children) {
    ensure(condition.uri === ASSERTION && understood.includes(condition.local), 'condition_unknown', condition.local);
  }
  const restrictions = childrenNamed(conditions, ASSERTION, 'AudienceRestriction');
  const audiences = restrictions.flatMap((restriction) => childrenNamed(restriction, ASSERTION, 'Audience'));
  ensure(audiences.length === 1 && audiences[0]!.text === connection.spEntityId, 'audience_mismatch');
  return ends;
}

function checkAge(assertion: XmlElement, { connection, requestId, now }: Expected): void {
  const issued = time(assertion, 'IssueInstant');
  ensure(issued !== undefined, 'time_malformed', 'IssueInstant');
  ensure(now >= issued - clockSkewMillis(connection), 'issued_in_future');
  ensure(
    now < issued + (requestId === undefined ? UNSOLICITED_MS : SIGN_IN_MS) + clockSkewMillis(connection),
    'assertion_too_old',
  );
}

/** The sign-in that took place over there, and when the session that it began ends. */
function sessionOf(
  assertion: XmlElement,
  { connection, authenticatedSince, now }: Expected,
): Pick<VerifiedAssertion, 'sessionEnds' | 'sessionIndex' | 'authenticatedAt'> {
  const statements = childrenNamed(assertion, ASSERTION, 'AuthnStatement');
  ensure(statements.length > 0, 'authentication_missing');
  const ends = statements.flatMap((statement) => time(statement, 'SessionNotOnOrAfter') ?? []);
  const sessionEnds = ends.length > 0 ? Math.min(...ends) : undefined;
  ensure(sessionEnds === undefined || now < sessionEnds, 'session_expired');
  const skew = clockSkewMillis(connection);
  const instants = statements.map((statement) => time(statement, 'AuthnInstant') ?? 0);
  const authenticatedAt = Math.max(...instants);
  ensure(authenticatedAt <= now + skew, 'issued_in_future', 'AuthnInstant');
  ensure(authenticatedSince === undefined || authenticatedAt >= authenticatedSince - skew, 'authentication_stale');
  return { sessionEnds, sessionIndex: attribute(statements[0]!, 'SessionIndex'), authenticatedAt };
}

const XSI = 'http://www.w3.org/2001/XMLSchema-instance';

function isNil({ attributes }: XmlElement): boolean {
  return attributes.some(({ local, uri, value }) => local === 'nil' && uri === XSI && ['true', '1'].includes(value));
}

function attributesOf(assertion: XmlElement): SamlAttribute[] {
  const statements = childrenNamed(assertion, ASSERTION, 'AttributeStatement');
  ensure(
    statements.every((statement) => childrenNamed(statement, ASSERTION, 'EncryptedAttribute').length === 0),
    'attribute_encrypted',
  );
  return statements
    .flatMap((statement) => childrenNamed(statement, ASSERTION, 'Attribute'))
    .map((item) => ({
      name: attribute(item, 'Name') ?? '',
      friendlyName: attribute(item, 'FriendlyName'),
      values: childrenNamed(item, ASSERTION, 'AttributeValue')
        .filter((value) => value.children.length === 0 && !isNil(value))
        .map(({ text }) => text),
    }));
}

/**
 * Checks everything that a bearer assertion must say (saml-profiles-2.0-os, section 4.1.4.3) on the bytes
 * whose signature was verified, read anew: nothing outside them, and nothing another parser made of them, counts.
 * @throws SamlError
 */
export function checkAssertion(signedXml: string, expected: Expected): VerifiedAssertion {
  const assertion = readXml(signedXml, LIMITS);
  ensure(assertion.local === 'Assertion' && assertion.uri === ASSERTION, 'assertion_missing');
  const id = attribute(assertion, 'ID');
  ensure(id !== undefined && id.length > 0, 'id_missing');
  const [issuer] = childrenNamed(assertion, ASSERTION, 'Issuer');
  ensure(issuer?.text === expected.connection.idpEntityId, 'issuer_mismatch');
  checkAge(assertion, expected);
  const subjects = childrenNamed(assertion, ASSERTION, 'Subject');
  const [subject] = subjects;
  ensure(subject !== undefined && subjects.length === 1, 'subject_missing');
  const nameId = nameIdOf(subject, expected.connection);
  const confirmationEnds = checkConfirmations(subject, expected);
  const conditionsEnd = checkConditions(assertion, expected);
  const replayableUntil = Math.min(confirmationEnds, conditionsEnd) + clockSkewMillis(expected.connection);
  return { id, nameId, attributes: attributesOf(assertion), replayableUntil, ...sessionOf(assertion, expected) };
}
