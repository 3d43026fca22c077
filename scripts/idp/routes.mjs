import { answer, readRequest, Refused } from './answer.mjs';
import { metadata } from './metadata.mjs';
import { answerPage, choicePage, startPage } from './pages.mjs';
import { users } from './users.mjs';

const MAX_FORM_BYTES = 64 * 1024;

async function formOf(request) {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) {
    text += chunk;
    if (text.length > MAX_FORM_BYTES) throw new Refused('The form is too large.');
  }
  return new URLSearchParams(text);
}

function send(response, type, body) {
  response.writeHead(200, { 'Content-Type': `${type}; charset=utf-8`, 'Cache-Control': 'no-store' });
  response.end(body);
}

/**
 * Handles single sign-on by the redirect binding. Without `user` it returns a page with all users. With `user=<email>`
 * it returns the response as a form, or with `Accept: application/json` as JSON
 * `{ acsUrl, fields: { SAMLResponse, RelayState? } }`.
 */
async function signOn(provider, request, response, parameters) {
  const { user: email, ...query } = Object.fromEntries(parameters);
  const authnRequest = await readRequest(query);
  const people = users(provider.folder);
  if (email === undefined) return send(response, 'text/html', choicePage(people, query));
  const user = people.find((person) => person.email === email);
  if (!user) throw new Refused(`No user has the e-mail address ${email}.`);
  const fields = { SAMLResponse: await answer(provider, authnRequest, user) };
  if (query.RelayState) fields.RelayState = query.RelayState;
  if (request.headers.accept === 'application/json') {
    return send(response, 'application/json', JSON.stringify({ acsUrl: authnRequest.acsUrl, fields }));
  }
  return send(response, 'text/html', answerPage({ acsUrl: authnRequest.acsUrl, fields, name: user.name }));
}

/** Handles one HTTP request. Throws {@link Refused} for an error that the caller can correct. */
export async function respond(provider, request, response) {
  const { pathname, searchParams } = new URL(request.url, provider.url);
  if (pathname === '/') return send(response, 'text/html', startPage(users(provider.folder), provider.url));
  if (pathname === '/metadata') return send(response, 'application/samlmetadata+xml', metadata(provider));
  if (pathname === '/sso') {
    const parameters = request.method === 'POST' ? await formOf(request) : searchParams;
    return signOn(provider, request, response, parameters);
  }
  throw Object.assign(new Refused('Page not found.'), { status: 404 });
}
