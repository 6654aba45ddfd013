/**
 * The script of the pages under /account, as a browser gets it. The token leaves the address bar at once, so that it
 * stays in no history; it is sent in a body only.
 */
export const ACCOUNT_SCRIPT = `'use strict';
const API = '../api/v1/';
const message = document.getElementById('message');
const forms = [...document.querySelectorAll('form')];
const token = new URLSearchParams(location.hash.slice(1)).get('token') ?? undefined;
history.replaceState(null, '', location.pathname);

const show = (state) => forms.forEach((form) => { form.hidden = form.dataset.when !== state; });
function say(text, isGood) {
  message.textContent = text;
  message.classList.toggle('good', isGood);
  message.hidden = false;
}

async function send(form) {
  const body = Object.fromEntries(new FormData(form));
  if (form.dataset.when === 'token') body.token = token;
  const response = await fetch(API + form.dataset.to, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
    credentials: 'omit',
  });
  const answer = await response.json();
  return { isGood: response.ok, text: answer.message, code: answer.error?.code };
}

for (const form of forms) {
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const button = form.querySelector('button');
    button.disabled = true;
    try {
      const { isGood, text, code } = await send(form);
      say(text ?? 'Done.', isGood);
      if (isGood) show('done');
      else if (code === 'link_invalid') show('no-token');
    } catch {
      say('The server did not answer. Try again in a moment.', false);
    } finally {
      button.disabled = false;
    }
  });
}
show(token ? 'token' : 'no-token');
`;
