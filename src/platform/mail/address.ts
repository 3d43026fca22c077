import { isEmail, ValidateBy } from 'class-validator';

/**
 * A dot-atom (RFC 5322 section 3.2.3, with RFC 6532's letters) at a host name: nothing that a header would read as
 * anything else.
 */
const DOT_ATOM = /^[^\s"(),:;<>@[\\\]\p{C}]{1,64}@[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})+$/iu;
const LONGEST = 254;

/** Whether text is one address that mail may be sent to; quoted local parts and address literals are not. */
export function isMailAddress(text: unknown): text is string {
  return typeof text === 'string' && text.length <= LONGEST && DOT_ATOM.test(text) && isEmail(text);
}

/** The field is one e-mail address of at most 254 characters. */
export function IsMailAddress(): PropertyDecorator {
  return ValidateBy({
    name: 'isMailAddress',
    validator: { validate: isMailAddress, defaultMessage: () => 'must be an e-mail address' },
  });
}
