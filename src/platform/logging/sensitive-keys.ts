/** Fragments that are long enough to match anywhere in a key. */
const FRAGMENTS = [
  'password',
  'passwd',
  'passphrase',
  'token',
  'secret',
  'authorization',
  'cookie',
  'credential',
  'privatekey',
  'apikey',
  'rootkey',
  'socialsecurity',
  'dateofbirth',
  'birthdate',
  'birthday',
  'email',
  'phone',
  'mobile',
  'address',
  'street',
  'postal',
  'zipcode',
  'firstname',
  'lastname',
  'givenname',
  'familyname',
  'middlename',
  'fullname',
  'displayname',
  'preferredname',
  'username',
  'nickname',
  'surname',
  'licensenumber',
  'medicalrecord',
  'diagnosis',
  'samlresponse',
  'samlassertion',
  'assertion',
  'nameid',
  'rawbody',
  'cardnumber',
  'accountnumber',
];

/** Words that are too short to match as fragments: they match a whole word of the key only. */
const WORDS = new Set([
  'ssn',
  'sin',
  'dob',
  'npi',
  'mrn',
  'ein',
  'pin',
  'otp',
  'totp',
  'cvv',
  'cvc',
  'jwt',
  'sid',
  'zip',
  'fax',
  'pwd',
  'pass',
  'birth',
  'body',
  'query',
  'cursor',
  'signature',
  'contact',
]);

/** Words that match the whole key only. A database error contains the row in `detail` and `parameters`. */
const WHOLE = new Set([
  'name',
  'names',
  'first',
  'last',
  'url',
  'originalurl',
  'headers',
  'user',
  'tel',
  'city',
  'parameters',
  'params',
  'values',
  'detail',
]);

const known = new Map<string, boolean>();
const MAX_KNOWN = 5000;

/** Returns true for keys whose values must not be logged, in any spelling (`firstName`, `first_name`, `FIRST-NAME`). */
export function isSensitiveKey(key: string): boolean {
  let sensitive = known.get(key);
  if (sensitive === undefined) {
    sensitive = matchesList(key);
    if (known.size < MAX_KNOWN) known.set(key, sensitive);
  }
  return sensitive;
}

function matchesList(key: string): boolean {
  const joined = key.toLowerCase().replace(/[^a-z0-9]/g, '');
  if (WHOLE.has(joined) || FRAGMENTS.some((fragment) => joined.includes(fragment))) return true;
  const words = key
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z]+/);
  return words.some((word) => WORDS.has(word));
}
