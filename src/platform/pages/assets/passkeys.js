// Passkeys need a script (WebAuthn level 3); everything else on these pages works without.
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
  const answer = text === '' ? {} : JSON.parse(text);
  if (response.ok) return answer;
  if (answer.code === 'step_up_required')
    location.assign(`/account/step-up?${new URLSearchParams({ returnTo: location.pathname })}`);
  throw new Error(answer.title ?? 'That did not work.');
}

async function prove(optionsFrom) {
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(await call(optionsFrom));
  return (await navigator.credentials.get({ publicKey })).toJSON();
}

const PURPOSES = {
  'sign-in': async () =>
    call('/v1/auth/passkeys/sign-in', { credential: await prove('/v1/auth/passkeys/sign-in/options') }),
  mfa: async () => call('/v1/auth/login/mfa', { passkey: await prove('/v1/auth/login/mfa/options') }),
  'step-up': async () => call('/v1/auth/step-up', { passkey: await prove('/v1/auth/step-up/options') }),
  add: async () => {
    const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(await call('/v1/auth/passkeys/options'));
    const credential = (await navigator.credentials.create({ publicKey })).toJSON();
    return call('/v1/auth/passkeys', { name: box.querySelector('input').value, credential });
  },
};

/** Recovery codes are shown once: before the page is left. */
function show(codes) {
  const list = document.createElement('ul');
  list.className = 'code';
  for (const code of codes) list.append(Object.assign(document.createElement('li'), { textContent: code }));
  status.textContent = 'Your recovery codes. Each works once; they are shown this once.';
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
