import { describe, expect, it } from '@jest/globals';
import { InvalidArgumentError } from 'commander';
import { emailArgument, lineArgument } from './arguments.js';

describe('an option of the CLI', () => {
  it('takes a name and an e-mail address only by the rules of the API', () => {
    expect([lineArgument('Zoe\u0308'), emailArgument('ada@münchen.example')]).toEqual(['Zoë', 'ada@münchen.example']);
    for (const name of ['', 'a\r\nb', '\u202Ea', '\u200B'])
      expect(() => lineArgument(name)).toThrow(InvalidArgumentError);
    for (const email of ['', 'ada', 'ada@localhost', 'a@b.example\r\nBcc: x@y.example'])
      expect(() => emailArgument(email)).toThrow(InvalidArgumentError);
  });
});
