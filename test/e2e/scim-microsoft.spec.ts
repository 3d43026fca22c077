import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Harness } from '../harness/app.js';
import { makeOrganization, type Directory } from '../harness/directory.js';
import { checkRequest, documentLines, tableLines, type Known } from '../harness/published-requests.js';
import { ENTRA_ENDPOINT, ENTRA_SHAPES } from './scim-published/entra.js';
import { MICROSOFT_COLLECTION } from './scim-published/microsoft-collection.js';
import { MICROSOFT_INBOUND } from './scim-published/microsoft-inbound.js';

let harness: Harness;

beforeAll(async () => {
  harness = await Harness.start({ takeJobs: false });
});
afterAll(() => harness.stop());

describe.each([
  ['reference collection', MICROSOFT_COLLECTION],
  ['provisioning collection', MICROSOFT_INBOUND],
  ['documentation of an endpoint', ENTRA_ENDPOINT],
  ['documentation of PATCH shapes', ENTRA_SHAPES],
] as const)("Microsoft's %s", (_name, requests) => {
  const known: Known = {};
  let directory: Directory;
  beforeAll(async () => {
    ({ directory } = await makeOrganization(harness));
  });

  it.each(requests.map((request, index) => [index + 1, request.name, request] as const))(
    'request %i, %s, gets the answer in the table',
    (_number, _request, request) => checkRequest(directory, known, request),
  );

  it('is in the table of the documentation', () => {
    expect(documentLines()).toEqual(expect.arrayContaining(tableLines(requests)));
  });
});
