// Moves the token of a mailed link from behind the '#', where no server sees it, into the form, and out of the address
// line.
const field = document.querySelector('input[name=token]');
const token = new URLSearchParams(location.hash.slice(1)).get('token');
if (field !== null && token !== null) {
  field.value = token;
  field.closest('[data-by-hand]')?.setAttribute('hidden', '');
  history.replaceState(null, '', location.pathname);
}
