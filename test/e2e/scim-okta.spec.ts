import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Harness } from '../harness/app.js';
import { makeOrganization, type Directory } from '../harness/directory.js';
import { checkRequest, documentLines, tableLines, type Known } from '../harness/published-requests.js';
import { OKTA_REFERENCE, OKTA_SUITE } from './scim-published/okta.js';

let harness: Harness;

beforeAll(async () => {
  harness = await Harness.start({ takeJobs: false });
});
afterAll(() => harness.stop());

describe.each([
  ['test suite', OKTA_SUITE],
  ['protocol reference', OKTA_REFERENCE],
] as const)("Okta's %s", (name, requests) => {
  const known: Known = {};
  let directory: Directory;
  beforeAll(async () => {
    ({ directory } = await makeOrganization(harness));
    if (name === 'test suite')
      known['existing'] = await directory.create('Users', {
        userName: 'existing@dir.example',
        name: { givenName: 'Synthetic', familyName: 'Okta' },
      });
  });

  it.each(requests.map((request, index) => [index + 1, request.name, request] as const))(
    'request %i, %s, gets the answer in the table',
    (_number, _request, request) => checkRequest(directory, known, request),
  );

  it('is in the table of the documentation', () => {
    expect(documentLines()).toEqual(expect.arrayContaining(tableLines(requests)));
  });
});
