export const USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
export const GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group';
export const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
export const LIST = 'urn:ietf:params:scim:api:messages:2.0:ListResponse';
export const ERROR = 'urn:ietf:params:scim:api:messages:2.0:Error';

/** Two users cannot have one account, which has one e-mail address. */
export const ONE_ACCOUNT = 'RFC 7643 §7 (`uniqueness`), RFC 7644 §3.3';
/** The address of an account must be an e-mail address. */
export const MAIL_SYNTAX = 'RFC 7643 §4.1.2, RFC 7644 §3.12';

/** Returns the body of a PATCH. */
export const patchOf = (...operations: object[]) => ({
  schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
  Operations: operations,
});

/** Returns a User with a work and a home address. The work address is the account's. */
export const person = (userName: string, more: object = {}) => ({
  schemas: [USER],
  userName,
  active: true,
  displayName: `Synthetic ${userName}`,
  externalId: 'same-for-all',
  name: { formatted: 'Synthetic Person', familyName: 'Person', givenName: 'Synthetic' },
  emails: [
    { Primary: true, type: 'work', value: `${userName}@dir.example` },
    { Primary: false, type: 'home', value: 'home@other.example' },
  ],
  ...more,
});

/** Returns a User with the attributes that Microsoft's long requests have. */
export const employee = (userName: string, more: object = {}) => ({
  ...person(userName),
  addresses: [
    {
      country: 'Bermuda',
      formatted: '1 Synthetic Way\nSample Town',
      locality: 'Sample Town',
      postalCode: '00001',
      region: 'Sample Region',
      streetAddress: '1 Synthetic Way',
      type: 'work',
      primary: false,
    },
    { country: null, formatted: '2 Synthetic Way', locality: null, postalCode: null, type: 'other', primary: false },
  ],
  emails: [
    { type: 'work', primary: true, value: `${userName}@example.com` },
    { type: 'other', primary: false, value: `${userName}@example.org` },
  ],
  meta: { created: '2019-01-01T00:00:00.0000000+00:00', resourceType: 'User' },
  name: { formatted: 'Synthetic Employee', familyName: 'Employee', givenName: 'Synthetic', honorificPrefix: null },
  phoneNumbers: [
    { type: 'fax', primary: false, value: '000-0001' },
    { type: 'work', primary: true, value: '000-0002' },
  ],
  preferredLanguage: 'xh',
  roles: [],
  title: 'Synthetic engineer',
  ...more,
});

/** Returns a list of e-mail addresses with one work address. */
export const workAddress = (value: string) => [{ type: 'work', primary: true, value }];
