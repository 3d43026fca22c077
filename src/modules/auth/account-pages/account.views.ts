import { alert, field, html, newPasswordField, page } from '../../../platform/pages/index.js';

/** The data of the account page: the user, the organization, and the user's sessions. */
export interface AccountView {
  readonly user: { readonly name: string; readonly email: string };
  readonly organization: { readonly name: string };
  readonly role: string;
  readonly sessions: readonly {
    readonly device: string | null;
    readonly location: string | null;
    readonly lastSeenAt: Date;
    readonly current: boolean;
  }[];
}

const formatTime = (at: Date) => `${at.toISOString().slice(0, 16).replace('T', ' ')} UTC`;

export function accountPage({ user, organization, role, sessions }: AccountView): string {
  return page(
    { title: 'Your account' },
    html`<p>${user.name}<br><span class="quiet">${user.email}</span></p>
<p>${role.replaceAll('_', ' ')} at ${organization.name}</p>
<p><a href="/account/security">Second factors and passkeys</a><br>
<a href="/account/password">Change your password</a></p>
<h2>Your sessions</h2>
<ul class="plain">${sessions.map(
      ({
        device,
        location,
        lastSeenAt,
        current,
      }) => html`<li>${device ?? 'Unknown device'}${location !== null && html`, ${location}`}<br>
<span class="quiet">${current ? 'this session' : `last used ${formatTime(lastSeenAt)}`}</span></li>`,
    )}</ul>
${
  sessions.length > 1 &&
  html`<form method="post" action="/account/end-other-sessions">
<button class="second">End all other sessions</button>
</form>`
}
<form method="post" action="/account/sign-out"><button>Sign out</button></form>`,
  );
}

const CURRENT_PASSWORD = html`type="password" autocomplete="current-password" maxlength="1000" required autofocus`;

/** Returns the page with the form for a new password. `problem` is the message of a rejected form. */
export function passwordPage(problem?: string): string {
  return page(
    { title: 'Change your password' },
    html`${alert(problem)}<p class="quiet">Without a password, use “Forgot your password?” on the sign-in page.</p>
<form method="post" action="/account/password">
${field('Current password', 'currentPassword', CURRENT_PASSWORD, problem !== undefined)}
${newPasswordField('newPassword')}
<button>Change password</button>
</form>
<p><a href="/account">Back to your account</a></p>`,
  );
}

const EMAIL_INPUT = html`type="email" autocomplete="username" maxlength="254" required autofocus`;

export function forgotPage(problem?: string): string {
  return page(
    { title: 'Forgot your password?' },
    html`${alert(problem)}<p>We will send you a link. Use it to choose a new password.</p>
<form method="post" action="/account/forgot">
${field('E-mail address', 'email', EMAIL_INPUT, problem !== undefined)}
<button>Send the link</button>
</form>
<p><a href="/sign-in">Back to the sign-in page</a></p>`,
  );
}
