/**
 * The script of the pages under /account, as a browser gets it. The token leaves the address bar at once, so that it
 * stays in no history; it is sent in a body only.
 */
export const ACCOUNT_SCRIPT = `'use strict';
const API = '../api/v1/';
const message = document.getElementById('message');
const parts = [...document.querySelectorAll('[data-when]')];
const token = new URLSearchParams(location.hash.slice(1)).get('token') ?? undefined;
history.replaceState(null, '', location.pathname);
let challenge;

const show = (state) => parts.forEach((part) => { part.hidden = part.dataset.when !== state; });
function say({ isGood, text }) {
  // The API names the field that it means as its callers do.
  message.textContent = text?.replace(/^password: /, 'Your password ') ?? (isGood ? 'Done.' : 'That did not work.');
  message.classList.toggle('good', isGood);
  message.hidden = false;
}

async function post(path, body, accessToken) {
  const headers = { 'Content-Type': 'application/json' };
  if (accessToken) headers.Authorization = 'Bearer ' + accessToken;
  const init = { method: 'POST', headers, body: body && JSON.stringify(body), credentials: 'omit' };
  const response = await fetch(API + path, init);
  const answer = response.status === 204 ? {} : await response.json();
  return { isGood: response.ok, text: answer.message, code: answer.error?.code, data: answer.data };
}

// A login is a step on the way: what it opens is used for one answer and closed again.
async function acceptAs(login) {
  if (!login.isGood) return login;
  if (login.data.twoFactor) {
    challenge = login.data.twoFactor.challenge;
    show('code');
    return { isGood: true, text: 'One more step.', goesOn: true };
  }
  const { accessToken } = login.data.tokens;
  try {
    return await post('invitations/accept', { token }, accessToken);
  } finally {
    await post('auth/logout', undefined, accessToken);
  }
}

async function send(form) {
  const body = Object.fromEntries(new FormData(form));
  const { to, when } = form.dataset;
  if (when === 'login') return acceptAs(await post(to, body));
  if (when === 'code') return acceptAs(await post(to, { challenge, ...body }));
  return post(to, when === 'token' ? { token, ...body } : body);
}

async function submit(form) {
  const button = form.querySelector('button');
  button.disabled = true;
  try {
    const answer = await send(form);
    say(answer);
    if (answer.isGood && !answer.goesOn) show('done');
    else if (answer.code === 'link_invalid') show('no-token');
    else if (answer.code === 'login_required' || answer.code === 'invalid_challenge') show('login');
  } catch {
    say({ isGood: false, text: 'The server did not answer. Try again in a moment.' });
  } finally {
    button.disabled = false;
  }
}

for (const form of document.querySelectorAll('form')) {
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    submit(form);
  });
}
document.querySelector('a[href="#login"]')?.addEventListener('click', (event) => {
  event.preventDefault();
  show('login');
});
show(token ? 'token' : 'no-token');
`;
