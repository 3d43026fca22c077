// Passkeys require a script (WebAuthn level 3). All other functions of the pages work without one.
const box = document.querySelector('#passkey');
const button = box?.querySelector('button');
const status = box?.querySelector('[role=status]');

async function call(path, body) {
  const response = await fetch(
    path,
    body === undefined
      ? {}
      : { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) },
  );
  const text = await response.text();
  const result = text === '' ? {} : JSON.parse(text);
  if (response.ok) return result;
  if (result.code === 'step_up_required')
    location.assign(`/account/step-up?${new URLSearchParams({ returnTo: location.pathname })}`);
  throw new Error(result.title ?? 'The request failed.');
}

async function getAssertion(optionsFrom) {
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(await call(optionsFrom));
  return (await navigator.credentials.get({ publicKey })).toJSON();
}

const PURPOSES = {
  'sign-in': async () =>
    call('/v1/auth/passkeys/sign-in', { credential: await getAssertion('/v1/auth/passkeys/sign-in/options') }),
  mfa: async () => call('/v1/auth/login/mfa', { passkey: await getAssertion('/v1/auth/login/mfa/options') }),
  link: async () =>
    call('/v1/auth/sso-link/proof', { passkey: await getAssertion('/v1/auth/sso-link/passkey-options') }),
  'step-up': async () => call('/v1/auth/step-up', { passkey: await getAssertion('/v1/auth/step-up/options') }),
  add: async () => {
    const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(await call('/v1/auth/passkeys/options'));
    const credential = (await navigator.credentials.create({ publicKey })).toJSON();
    return call('/v1/auth/passkeys', { name: box.querySelector('input').value, credential });
  },
};

/** Shows the recovery codes, which the server returns only once. */
function show(codes) {
  const list = document.createElement('ul');
  list.className = 'code';
  for (const code of codes) list.append(Object.assign(document.createElement('li'), { textContent: code }));
  status.textContent = 'Your recovery codes. You can use each code once. They are not shown again.';
  status.after(list);
}

async function start() {
  const { recoveryCodes = [] } = await PURPOSES[box.dataset.purpose]();
  if (recoveryCodes.length > 0) show(recoveryCodes);
  else location.assign(box.dataset.returnTo);
}

if (box && globalThis.PublicKeyCredential?.parseRequestOptionsFromJSON) {
  box.hidden = false;
  button.addEventListener('click', () => {
    status.textContent = 'Waiting for your passkey';
    start().catch((error) => {
      status.textContent = error.name === 'NotAllowedError' ? 'No passkey was used.' : error.message;
    });
  });
}
