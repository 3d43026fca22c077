// Passkeys need a script (WebAuthn Level 3); everything else on these pages works without.
const box = document.querySelector('#passkey');
const button = box?.querySelector('button');
const status = box?.querySelector('[role=status]');

async function post(path, body) {
  const response = await fetch(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
  const text = await response.text();
  const answer = text === '' ? {} : JSON.parse(text);
  if (!response.ok) throw new Error(answer.title ?? 'That did not work.');
  return answer;
}

async function signIn() {
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(await post('/v1/auth/passkeys/sign-in/options', {}));
  const credential = await navigator.credentials.get({ publicKey });
  await post('/v1/auth/passkeys/sign-in', { response: credential.toJSON() });
  location.assign(box.dataset.returnTo);
}

if (box && globalThis.PublicKeyCredential?.parseRequestOptionsFromJSON) {
  box.hidden = false;
  button.addEventListener('click', () => {
    status.textContent = 'Waiting for your passkey';
    signIn().catch((error) => {
      status.textContent = error.name === 'NotAllowedError' ? 'No passkey was used.' : error.message;
    });
  });
}
