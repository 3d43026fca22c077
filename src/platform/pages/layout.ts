import { html, type Html } from './html.js';

/** The head of a page. `continueAt` is a URL that the browser opens at once, without a script. */
export interface PageHead {
  readonly title: string;
  readonly script?: 'passkeys' | 'token';
  readonly continueAt?: string;
}

/**
 * Renders a complete page. Style and scripts are separate files, because the content security policy blocks inline
 * code.
 */
export function page({ title, script, continueAt }: PageHead, body: Html): string {
  return `<!doctype html>\n${
    html`<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · Vouchsafe</title>
<link rel="stylesheet" href="/assets/style.css">
${continueAt !== undefined && html`<meta http-equiv="refresh" content="0; url=${continueAt}">`}
${script !== undefined && html`<script type="module" src="/assets/${script}.js"></script>`}
</head>
<body>
<main>
<h1>${title}</h1>
${body}
</main>
</body>
</html>
`.text
  }`;
}

/** Renders an error message that screen readers announce when the page loads. */
export function alert(message: string | undefined): Html {
  return html`${message !== undefined && html`<p role="alert" class="alert" id="problem">${message}</p>`}`;
}

/** Renders a labeled field. If `wrong` is true, the field refers to the error message of the page. */
export function field(label: string, name: string, attributes: Html, wrong = false): Html {
  return html`<label for="${name}">${label}</label>
<input id="${name}" name="${name}" ${attributes}${wrong && html` aria-invalid="true" aria-describedby="problem"`}>`;
}

const NEW_PASSWORD = html`type="password" autocomplete="new-password" maxlength="1000" required
  aria-describedby="policy"`;

/** Renders the field for a new password, with the rules that the password must meet. */
export function newPasswordField(name: string): Html {
  return html`${field('New password', name, NEW_PASSWORD)}
<p id="policy" class="quiet">12 to 128 characters, with upper and lower case, a digit, and a special character.</p>`;
}

export function hidden(values: Readonly<Record<string, string | undefined>>): Html {
  return html`${Object.entries(values)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`)}`;
}
