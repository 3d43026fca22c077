import { html, page } from '../../../platform/pages/index.js';

/** Returns the page on which a logout ends. It says whether the user is still signed in at the identity provider. */
export function signedOutPage(provider: { readonly name: string; readonly ended: boolean } | undefined): string {
  return page(
    { title: 'You are signed out' },
    html`${
      provider !== undefined &&
      (provider.ended
        ? html`<p role="status">You are signed out here and at ${provider.name}.</p>`
        : html`<p role="alert" class="alert">You are still signed in at ${provider.name}.</p>
<p>On a shared computer, sign out there too, or close all windows of the browser.</p>`)
    }
<p><a class="button" href="/sign-in">Sign in</a></p>`,
  );
}
