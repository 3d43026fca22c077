const ENTITIES = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** Escapes text for HTML and XML, including attributes. */
export const escape = (text) => String(text).replace(/[&<>"']/g, (character) => ENTITIES[character]);

const STYLE = `body{font:16px/1.5 system-ui,sans-serif;max-width:40rem;margin:3rem auto;padding:0 1rem;color:#1c2430}
h1{font-size:1.4rem}ul{list-style:none;padding:0}li{margin:.5rem 0}
button{font:inherit;width:100%;text-align:left;padding:.6rem .9rem;border:1px solid #c5ccd6;
  border-radius:.4rem;background:#fff;cursor:pointer}
button:hover,button:focus{border-color:#2457c5;outline:2px solid #cfdcfa}small{color:#5b6675;display:block}`;

function page(title, body) {
  return (
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" ' +
    `content="width=device-width"><title>${escape(title)}</title><style>${STYLE}</style></head><body>` +
    `<h1>${escape(title)}</h1>${body}</body></html>`
  );
}

const hidden = (name, value) => `<input type="hidden" name="${escape(name)}" value="${escape(value)}">`;

const WARNING =
  '<p>This identity provider is for development. Its users are synthetic, and it asks for no password.</p>';

/** Returns a page with a button for each user. A button repeats the request with that user. */
export function choicePage(users, request) {
  const fields = Object.entries(request).map(([name, value]) => hidden(name, value));
  const items = users.map(({ email, name, groups }) => {
    const label = `${escape(name)}<small>${escape(email)} · ${escape(groups.join(', '))}</small>`;
    return `<li><form action="/sso">${fields.join('')}${hidden('user', email)}<button>${label}</button></form></li>`;
  });
  return page('Sign in as', `${WARNING}<ul>${items.join('')}</ul>`);
}

/** Returns the page without a sign-in request: a list of the users. */
export function startPage(users, url) {
  const items = users.map(
    ({ email, name, groups }) =>
      `<li>${escape(name)}<small>${escape(email)} · ${escape(groups.join(', '))}</small></li>`,
  );
  const link = `<a href="/metadata">${escape(url)}/metadata</a>`;
  const metadata = `<p>Metadata: ${link}. Start the sign-in at the application.</p>`;
  return page('Development identity provider', `${WARNING}${metadata}<ul>${items.join('')}</ul>`);
}

/** Returns the form that posts the response: automatically with JavaScript, otherwise by its button. */
export function answerPage({ acsUrl, fields, name }) {
  const inputs = Object.entries(fields).map(([field, value]) => hidden(field, value));
  const form =
    `<form method="post" action="${escape(acsUrl)}">${inputs.join('')}<button>Continue as ` +
    `${escape(name)}</button></form>`;
  return page('Signed in', `${form}<script>document.forms[0].submit()</script>`);
}
