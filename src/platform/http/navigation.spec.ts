import { expect, it } from '@jest/globals';
import type { Request } from 'express';
import { isNavigation } from './navigation.js';

const of = (headers: Record<string, string>) => isNavigation({ headers } as unknown as Request);
const CHROME = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';

it.each<[string, Record<string, string>, boolean]>([
  ['a link in a current browser', { accept: CHROME, 'sec-fetch-mode': 'navigate' }, true],
  ['a form in an old browser', { accept: CHROME, 'content-type': 'application/x-www-form-urlencoded' }, true],
  ['a script of a page', { accept: '*/*', 'sec-fetch-mode': 'cors' }, false],
  ['a program without an Accept header', {}, false],
  ['a program with an API key that accepts HTML too', { accept: CHROME, authorization: 'Bearer x' }, false],
  ['a program that sends JSON and accepts HTML too', { accept: CHROME, 'content-type': 'application/json' }, false],
])('tells a page in a browser from a program: %s', (_what, headers, expected) => {
  expect(of(headers)).toBe(expected);
});
