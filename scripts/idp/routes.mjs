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
 * Single sign-on by the redirect binding. Without `user` a page to choose from; with `user=<email>` the answer: as a
 * form, or as JSON
 * `{ acsUrl, fields: { SAMLResponse, RelayState? } }` for programs, which ask by `Accept: application/json`.
 */
async function signOn(provider, request, response, parameters) {
  const { user: email, ...query } = Object.fromEntries(parameters);
  const asked = await readRequest(query);
  const people = users(provider.folder);
  if (email === undefined) return send(response, 'text/html', choicePage(people, query));
  const user = people.find((person) => person.email === email);
  if (!user) throw new Refused(`Nobody here has the address ${email}.`);
  const fields = { SAMLResponse: await answer(provider, asked, user) };
  if (query.RelayState) fields.RelayState = query.RelayState;
  if (request.headers.accept === 'application/json') {
    return send(response, 'application/json', JSON.stringify({ acsUrl: asked.acsUrl, fields }));
  }
  return send(response, 'text/html', answerPage({ acsUrl: asked.acsUrl, fields, name: user.name }));
}

/** Answers one HTTP request. Throws {@link Refused} for what the caller can put right. */
export async function respond(provider, request, response) {
  const { pathname, searchParams } = new URL(request.url, provider.url);
  if (pathname === '/') return send(response, 'text/html', startPage(users(provider.folder), provider.url));
  if (pathname === '/metadata') return send(response, 'application/samlmetadata+xml', metadata(provider));
  if (pathname === '/sso') {
    const parameters = request.method === 'POST' ? await formOf(request) : searchParams;
    return signOn(provider, request, response, parameters);
  }
  throw Object.assign(new Refused('There is no such page.'), { status: 404 });
}
