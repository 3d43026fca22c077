const ENTITIES = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** Text as it may stand in HTML and XML, in attributes too. */
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
  '<p>This identity provider is for development. Its people are made up, and nobody is asked for a password.</p>';

/** A button for each person; choosing one repeats the request with that person named. */
export function choicePage(users, request) {
  const kept = Object.entries(request).map(([name, value]) => hidden(name, value));
  const items = users.map(({ email, name, groups }) => {
    const label = `${escape(name)}<small>${escape(email)} · ${escape(groups.join(', '))}</small>`;
    return `<li><form action="/sso">${kept.join('')}${hidden('user', email)}<button>${label}</button></form></li>`;
  });
  return page('Sign in as', `${WARNING}<ul>${items.join('')}</ul>`);
}

/** Who there is, when nobody has asked for a sign-in. */
export function startPage(users, url) {
  const items = users.map(
    ({ email, name, groups }) =>
      `<li>${escape(name)}<small>${escape(email)} · ${escape(groups.join(', '))}</small></li>`,
  );
  const link = `<a href="/metadata">${escape(url)}/metadata</a>`;
  const metadata = `<p>Metadata: ${link}. Begin at the application to sign in.</p>`;
  return page('Development identity provider', `${WARNING}${metadata}<ul>${items.join('')}</ul>`);
}

/** The form that carries the answer back: by itself where scripts run, by its button where they do not. */
export function answerPage({ acsUrl, fields, name }) {
  const inputs = Object.entries(fields).map(([field, value]) => hidden(field, value));
  const form =
    `<form method="post" action="${escape(acsUrl)}">${inputs.join('')}<button>Continue as ` +
    `${escape(name)}</button></form>`;
  return page('Signed in', `${form}<script>document.forms[0].submit()</script>`);
}
