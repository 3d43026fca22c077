import type { GuardedResponse } from './response-guard.js';
import { clockSkewMillis, type MessageSettings } from './saml-connection.js';
import { ASSERTION, FORMAT_UNSPECIFIED, METHOD_BEARER, PROTOCOL } from './saml-names.js';
import { ensure, SamlError } from './saml-error.js';
import { attribute, childrenNamed, MAX_PREFIXES, readXml, type XmlElement, type XmlLimits } from './strict-xml.js';

/** The values that a response must match. */
export interface Expected {
  readonly connection: MessageSettings;
  /** The id of the request that the response must answer. Without it, the response must be unsolicited. */
  readonly requestId?: string;
  /** The earliest allowed authentication time, if the user had to authenticate again. Epoch milliseconds. */
  readonly authenticatedSince?: number;
  /** The greatest age of the assertion, without clock skew. Milliseconds. */
  readonly maxAgeMs: number;
  /** Epoch milliseconds. */
  readonly now: number;
}

/** The subject's name with the qualifiers that make it unique (saml-core-2.0-os, section 2.2.2). */
export interface NameId {
  readonly value: string;
  readonly format: string;
  readonly nameQualifier: string;
  readonly spNameQualifier: string;
  /** The attributes that the message has. Absent ones have their default above. */
  readonly sent: Readonly<Record<'Format' | 'NameQualifier' | 'SPNameQualifier', string | undefined>>;
}

/** An attribute with its text values; values with markup are left out. */
export interface SamlAttribute {
  readonly name: string;
  /** The human-readable name, which has no meaning in the standard. */
  readonly friendlyName?: string;
  readonly values: readonly string[];
}

/** A verified assertion of the connection's identity provider. It is current and answers the pending request. */
export interface VerifiedAssertion {
  readonly id: string;
  readonly nameId: NameId;
  readonly attributes: readonly SamlAttribute[];
  /** The time until which the assertion could be replayed, clock skew included. Epoch milliseconds. */
  readonly replayableUntil: number;
  /** The end of the session at the identity provider. The local session must not last longer. Epoch milliseconds. */
  readonly sessionEnds?: number;
  readonly sessionIndex?: string;
  /** The time of the user's last authentication. Epoch milliseconds. */
  readonly authenticatedAt: number;
}

/** An xs:dateTime with a time zone. Without a zone, each reader would assume its own. */
const DATE_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/;

/** The canonical form repeats namespace declarations, so it can be several times larger than the message. */
export const CANONICAL_LIMITS: XmlLimits = {
  maxBytes: 1024 * 1024,
  maxDepth: 20,
  maxElements: 1500,
  maxAttributes: 15_000,
  maxPrefixes: MAX_PREFIXES,
};

/** Returns the time in an attribute of a message, in epoch milliseconds. Throws `time_malformed`. */
export function time(element: XmlElement, name: string): number | undefined {
  const value = attribute(element, name);
  if (value === undefined) return undefined;
  const ms = DATE_TIME.test(value) ? Date.parse(value) : NaN;
  ensure(!Number.isNaN(ms), 'time_malformed', name);
  return ms;
}

/** Checks the response around the assertion. It may be unsigned, so it can cause a rejection but proves nothing. */
export function checkResponse(response: GuardedResponse, connection: MessageSettings): void {
  const [issuer] = childrenNamed(response.root, ASSERTION, 'Issuer');
  ensure(issuer === undefined || issuer.text === connection.idpEntityId, 'issuer_mismatch');
  // Only an unsigned response may omit it (saml-bindings-2.0-os, section 3.5.5.2). The signed Recipient decides then.
  const destination = attribute(response.root, 'Destination');
  ensure(destination === connection.acsUrl || (destination === undefined && !response.signed), 'destination_mismatch');
}

/** Returns the NameID from its place in the subject, and never from an attribute that is called `nameID`. */
export function nameIdOf(subject: XmlElement, connection: MessageSettings): NameId {
  ensure(childrenNamed(subject, ASSERTION, 'EncryptedID').length === 0, 'id_encrypted');
  const names = childrenNamed(subject, ASSERTION, 'NameID');
  const [name] = names;
  ensure(names.length === 1 && name !== undefined && name.children.length === 0, 'name_id_missing');
  ensure(name.text.length > 0 && name.text.length <= 256 && name.text.trim() === name.text, 'name_id_missing');
  const sent = {
    Format: attribute(name, 'Format'),
    NameQualifier: attribute(name, 'NameQualifier'),
    SPNameQualifier: attribute(name, 'SPNameQualifier'),
  };
  return {
    value: name.text,
    format: sent.Format ?? FORMAT_UNSPECIFIED,
    nameQualifier: sent.NameQualifier ?? connection.idpEntityId,
    spNameQualifier: sent.SPNameQualifier ?? connection.spEntityId,
    sent,
  };
}

/**
 * Checks one bearer confirmation: its recipient, its time, and its request (saml-profiles-2.0-os, section 4.1.4.2).
 * Returns its end.
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

/** Returns the end of the first valid bearer confirmation. Without one, throws the error of the first confirmation. */
function checkConfirmations(subject: XmlElement, expected: Expected): number {
  const bearers = childrenNamed(subject, ASSERTION, 'SubjectConfirmation').filter(
    (confirmation) => attribute(confirmation, 'Method') === METHOD_BEARER,
  );
  let firstError = new SamlError('confirmation_missing');
  for (const [index, bearer] of bearers.entries()) {
    try {
      return confirm(bearer, expected);
    } catch (error) {
      if (!(error instanceof SamlError)) throw error;
      if (index === 0) firstError = error;
    }
  }
  throw firstError;
}

/**
 * Requires an audience restriction, and the connection among the audiences of each one (saml-core-2.0-os, section
 * 2.5.1.4).
 */
function checkAudience(conditions: XmlElement, { spEntityId }: MessageSettings): void {
  const restrictions = childrenNamed(conditions, ASSERTION, 'AudienceRestriction');
  const isAudience = ({ text }: XmlElement): boolean => text === spEntityId;
  ensure(
    restrictions.length > 0 &&
      restrictions.every((restriction) => childrenNamed(restriction, ASSERTION, 'Audience').some(isAudience)),
    'audience_mismatch',
  );
}

/**
 * Checks the conditions (saml-core-2.0-os, section 2.5.1): the connection is an audience, the time is valid, and each
 * condition is known. Returns their end.
 */
function checkConditions(assertion: XmlElement, { connection, now }: Expected): number {
  const all = childrenNamed(assertion, ASSERTION, 'Conditions');
  const [conditions] = all;
  ensure(conditions !== undefined && all.length === 1, 'conditions_missing');
  const skew = clockSkewMillis(connection);
  const [starts, ends] = [time(conditions, 'NotBefore'), time(conditions, 'NotOnOrAfter')];
  ensure(starts === undefined || ends !== undefined, 'conditions_without_end'); // docs/adr/0038
  ensure(now < (ends ?? Infinity) + skew, 'assertion_expired');
  ensure(now >= (starts ?? 0) - skew, 'assertion_not_yet_valid');
  const understood = ['AudienceRestriction', 'OneTimeUse', 'ProxyRestriction'];
  for (const condition of conditions.children) {
    ensure(condition.uri === ASSERTION && understood.includes(condition.local), 'condition_unknown', condition.local);
  }
  checkAudience(conditions, connection);
  return ends ?? Infinity;
}

function checkAge(assertion: XmlElement, { connection, maxAgeMs, now }: Expected): void {
  const issued = time(assertion, 'IssueInstant');
  ensure(issued !== undefined, 'time_malformed', 'IssueInstant');
  ensure(now >= issued - clockSkewMillis(connection), 'issued_in_future');
  ensure(now < issued + maxAgeMs + clockSkewMillis(connection), 'assertion_too_old');
}

/** Returns the time of the authentication at the provider, and the end of the session that it started. */
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

/** Returns the assertion in signed bytes: the root, or the one assertion of a signed response. */
function assertionIn(signedXml: string): XmlElement {
  const root = readXml(signedXml, CANONICAL_LIMITS);
  const isResponse = root.local === 'Response' && root.uri === PROTOCOL;
  const [assertion, another] = isResponse ? childrenNamed(root, ASSERTION, 'Assertion') : [root];
  ensure(assertion?.local === 'Assertion' && assertion.uri === ASSERTION, 'assertion_missing');
  ensure(another === undefined, 'assertion_not_single');
  return assertion;
}

/**
 * Checks every required statement of a bearer assertion (saml-profiles-2.0-os, section 4.1.4.3). It parses only the
 * bytes whose signature was verified, so that no other bytes and no other parser's result count.
 * @throws SamlError
 */
export function checkAssertion(signedXml: string, expected: Expected): VerifiedAssertion {
  const assertion = assertionIn(signedXml);
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
