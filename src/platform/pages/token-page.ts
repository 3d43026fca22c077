import { html } from './html.js';
import { alert, field, hidden, page } from './layout.js';

/** A form around a token that was mailed. */
export interface TokenForm {
  readonly title: string;
  /** Where the form is posted: `token`, and `password` where a new one is asked for. */
  readonly action: string;
  readonly button: string;
  readonly newPassword: boolean;
  readonly problem?: string;
  /** The token where the form comes back; else a script moves it in from the link, or it is pasted. */
  readonly token?: string;
}

const POLICY = '12 to 128 characters, with upper and lower case, a digit and a special character.';

/** The page that a mailed link leads to. */
export function tokenPage({ title, action, button, newPassword, problem, token }: TokenForm): string {
  return page(
    { title, script: 'token' },
    html`${alert(problem)}
<form method="post" action="${action}">
${
  token === undefined
    ? html`<div data-by-hand>${field('The part of the link after "token="', 'token', html`autocomplete="off" maxlength="2000" required`)}</div>`
    : hidden({ token })
}
${
  newPassword &&
  html`${field('New password', 'password', html`type="password" autocomplete="new-password" maxlength="1000" required aria-describedby="policy"`)}
<p id="policy" class="quiet">${POLICY}</p>`
}
<button>${button}</button>
</form>`,
  );
}
