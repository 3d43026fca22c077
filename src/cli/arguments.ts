import { InvalidArgumentError } from 'commander';
import { isOneLine } from '../platform/http/one-line.js';
import { isMailAddress } from '../platform/mail/index.js';

/** Returns the value of an option as the API stores names. Throws InvalidArgumentError for other text. */
export function lineArgument(value: string): string {
  if (value === '' || !isOneLine(value)) throw new InvalidArgumentError('It must be one visible line.');
  return value.normalize('NFC');
}

/** Returns the value of an option. Throws InvalidArgumentError for a value that is not an e-mail address. */
export function emailArgument(value: string): string {
  if (!isMailAddress(value)) throw new InvalidArgumentError('It must be an e-mail address.');
  return value;
}
