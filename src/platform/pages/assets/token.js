// Moves the token of a mailed link from the URL fragment into the form and removes it from the address bar. Browsers do
// not send the fragment to servers.
const field = document.querySelector('input[name=token]');
const token = new URLSearchParams(location.hash.slice(1)).get('token');
if (field !== null && token !== null) {
  field.value = token;
  field.closest('[data-by-hand]')?.setAttribute('hidden', '');
  history.replaceState(null, '', location.pathname);
}
