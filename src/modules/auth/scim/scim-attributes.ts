export const USER_SCHEMA = 'urn:ietf:params:scim:schemas:core:2.0:User';
export const ENTERPRISE_SCHEMA = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';

/**
 * An attribute of a User, or a part of one. The declarations generate the schema documents, the filters, the targets of
 * a PATCH, and the parser of the values.
 */
export interface UserAttribute {
  readonly name: string;
  readonly description: string;
  /** The default is one line of text. `lines` is text with line breaks. */
  readonly type?: 'boolean' | 'lines';
  readonly multiValued?: true;
  /** The parts of a complex attribute. */
  readonly parts?: readonly UserAttribute[];
  /** Whether the value has a column of its own. The service stores all other attributes as the directory sent them. */
  readonly hasColumn?: true;
}

const part = (name: string, description: string, type?: UserAttribute['type']): UserAttribute => ({
  name,
  description,
  ...(type !== undefined && { type }),
});

/** The parts of a multi-valued attribute (RFC 7643 section 2.4). */
const entryParts = (value: string): readonly UserAttribute[] => [
  part('value', value),
  part('display', 'The name for display.'),
  part('type', 'The type of the value, such as work.'),
  part('primary', 'Whether this is the primary value.', 'boolean'),
];

const ADDRESS_PARTS: readonly UserAttribute[] = [
  part('formatted', 'The full address for display.', 'lines'),
  part('streetAddress', 'The street and the number.', 'lines'),
  part('locality', 'The city.'),
  part('region', 'The state or region.'),
  part('postalCode', 'The postal code.'),
  part('country', 'The country.'),
  part('type', 'The type of the address, such as work.'),
  part('primary', 'Whether this is the primary address.', 'boolean'),
];

const NAME_PARTS: readonly UserAttribute[] = [
  { ...part('givenName', 'The given name.'), hasColumn: true },
  { ...part('familyName', 'The family name.'), hasColumn: true },
  part('formatted', 'The full name. The default consists of the given and the family name.'),
  part('middleName', 'The middle name.'),
  part('honorificPrefix', 'The title before the name.'),
  part('honorificSuffix', 'The title after the name.'),
];

/** The attributes that a directory can write (RFC 7643 section 4.1), except userName and externalId. */
export const CORE_ATTRIBUTES: readonly UserAttribute[] = [
  { ...part('displayName', 'The name that the organization displays for the user.'), hasColumn: true },
  { ...part('name', 'The parts of the name.'), parts: NAME_PARTS },
  { ...part('active', 'Whether the user can sign in.', 'boolean'), hasColumn: true },
  {
    ...part('emails', 'The e-mail addresses. The account uses the primary one.'),
    multiValued: true,
    parts: entryParts('The e-mail address.'),
    hasColumn: true,
  },
  part('nickName', 'The casual name.'),
  part('profileUrl', 'The URL of a profile page.'),
  part('title', 'The job title.'),
  part('userType', 'The relation to the institution, such as Employee.'),
  part('preferredLanguage', 'The preferred languages, as in the header Accept-Language.'),
  part('locale', 'The language tag for dates and numbers.'),
  part('timezone', 'The time zone, such as Europe/Berlin.'),
  {
    ...part('phoneNumbers', 'The phone numbers.'),
    multiValued: true,
    parts: entryParts('The phone number.'),
  },
  { ...part('addresses', 'The postal addresses.'), multiValued: true, parts: ADDRESS_PARTS },
  {
    ...part('entitlements', 'The entitlements in the directory. They give no permission in the service.'),
    multiValued: true,
    parts: entryParts('The entitlement.'),
  },
  {
    ...part('roles', 'The roles in the directory. Groups, and not roles, determine the role in the service.'),
    multiValued: true,
    parts: entryParts('The role.'),
  },
];

/** The Enterprise User extension (RFC 7643 section 4.3). */
export const ENTERPRISE_ATTRIBUTES: readonly UserAttribute[] = [
  part('employeeNumber', 'The number of the employee.'),
  part('costCenter', 'The cost center.'),
  part('organization', 'The name of the organization.'),
  part('division', 'The name of the division.'),
  part('department', 'The name of the department.'),
  { ...part('manager', 'The manager.'), parts: [part('value', 'The id of the User resource of the manager.')] },
];

/** Returns the declared attribute or part with a name in any letter case. */
export function declaredIn(attributes: readonly UserAttribute[], name: string): UserAttribute | undefined {
  const key = name.toLowerCase();
  return attributes.find((one) => one.name.toLowerCase() === key);
}
