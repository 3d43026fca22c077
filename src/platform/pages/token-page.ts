import { html } from './html.js';
import { alert, field, hidden, newPasswordField, page } from './layout.js';

/** The form of a mailed token. */
export interface TokenForm {
  readonly title: string;
  /** The target of the form. It receives `token`, and `password` if `newPassword` is set. */
  readonly action: string;
  readonly button: string;
  readonly newPassword: boolean;
  /** A second button, which posts the form to another target without a new password. */
  readonly alternative?: { readonly action: string; readonly button: string };
  /** A sentence before the form. */
  readonly note?: string;
  readonly problem?: string;
  /** Where the user goes if the link does not work. */
  readonly otherwise: { readonly href: string; readonly label: string };
  /**
   * The token when the form is shown again or the user comes from the sign-in. Otherwise, a script copies it from the
   * link or the user pastes it.
   */
  readonly token?: string;
}

const TOKEN_ATTRIBUTES = html`autocomplete="off" maxlength="2000" required`;

/** Renders the page of a mailed link. */
export function tokenPage({
  title,
  action,
  button,
  newPassword,
  alternative,
  note,
  problem,
  otherwise,
  token,
}: TokenForm): string {
  return page(
    { title, script: 'token' },
    html`${alert(problem)}
${note !== undefined && html`<p class="quiet">${note}</p>`}
<form method="post" action="${action}">
${
  token === undefined
    ? html`<div data-by-hand>${field('The part of the link after "token="', 'token', TOKEN_ATTRIBUTES)}</div>`
    : hidden({ token })
}
${newPassword && newPasswordField('password')}
<button>${button}</button>
${
  alternative !== undefined &&
  html`<button class="second" formaction="${alternative.action}" formnovalidate>${alternative.button}</button>`
}
</form>
<p><a href="${otherwise.href}">${otherwise.label}</a></p>`,
  );
}
