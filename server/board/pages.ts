import { OPERATOR_SESSION_HOURS, type Operator } from '../../domain/accounts/operator-sessions';
import { BOARD_PATH } from './path';

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
const escape = (text: string): string => text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');

/** The whole look of our own pages, as a file: the content security policy allows no style in a page. */
export const STYLESHEET = `
:root { color-scheme: light dark; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; font: 16px/1.5 system-ui, sans-serif;
  color: #1d2733; background: #eef1f5; }
main { width: min(22rem, 100% - 2rem); padding: 2rem; border-radius: 12px; background: #fff;
  box-shadow: 0 1px 3px rgb(0 0 0 / .15); box-sizing: border-box; }
h1 { margin: 0 0 1.25rem; font-size: 1.25rem; }
label { display: block; margin-bottom: 1rem; font-size: .875rem; }
input { display: block; width: 100%; box-sizing: border-box; margin-top: .25rem; padding: .5rem .625rem; font: inherit;
  border: 1px solid #a9b4c0; border-radius: 6px; background: transparent; color: inherit; }
button { padding: .5rem 1.25rem; font: inherit; border: 0; border-radius: 6px; background: #1f5fbf; color: #fff;
  cursor: pointer; }
input:focus-visible, button:focus-visible, a:focus-visible { outline: 2px solid #4a90e2; outline-offset: 2px; }
a { color: #1f5fbf; }
.actions { display: flex; align-items: center; justify-content: space-between; margin-top: 1.5rem; }
.message { margin: 0 0 1rem; padding: .5rem .75rem; border-radius: 6px; background: #fde8e8; color: #8f1d1d; }
@media (prefers-color-scheme: dark) {
  body { color: #dfe6ee; background: #12171d; }
  main { background: #1b222a; }
  a { color: #7fb2f5; }
  .message { background: #4a1d1d; color: #ffd9d9; }
}
`;

const page = (title: string, content: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${title}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${BOARD_PATH}/operator.css">
</head>
<body>
<main>
<h1>${title}</h1>
${content}
</main>
</body>
</html>
`;

export const loginPage = (form: { token: string; email: string; message: string | undefined }): string =>
  page(
    'Queues: operator login',
    `${form.message ? `<p class="message" role="alert">${escape(form.message)}</p>` : ''}
<form method="post" action="${BOARD_PATH}/login">
<input type="hidden" name="token" value="${escape(form.token)}">
<label>E-mail address
<input name="email" type="email" autocomplete="username" required maxlength="254" value="${escape(form.email)}"
 ${form.email ? '' : 'autofocus'}></label>
<label>Password
<input name="password" type="password" autocomplete="current-password" required maxlength="1000"
 ${form.email ? 'autofocus' : ''}></label>
<button>Log in</button>
</form>`,
  );

export const sessionPage = ({ name, email, mayAct }: Operator, token: string): string =>
  page(
    'Queues: your session',
    `<p>${escape(name)}<br>${escape(email)}</p>
<p>${
      mayAct
        ? 'You may change jobs and queues. What you do is logged.'
        : 'You may look. Changing jobs and queues is a right of its own, which your account does not have.'
    }</p>
<p>A session ends ${OPERATOR_SESSION_HOURS} hours after its login.</p>
<form method="post" action="${BOARD_PATH}/logout" class="actions">
<input type="hidden" name="token" value="${escape(token)}">
<a href="${BOARD_PATH}">Back to the queues</a>
<button>Log out</button>
</form>`,
  );
