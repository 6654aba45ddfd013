import { OPERATOR_SESSION_HOURS, type Operator } from '../../domain/accounts/operator-sessions';
import { escapeHtml } from '../../lib/html';
import { htmlPage } from '../pages/shell';
import { BOARD_PATH } from './path';

const page = (title: string, content: string): string =>
  htmlPage({ title, content, stylesheet: `${BOARD_PATH}/operator.css` });

export const loginPage = (form: { token: string; email: string; message: string | undefined }): string =>
  page(
    'Queues: operator login',
    `${form.message ? `<p class="message" role="alert">${escapeHtml(form.message)}</p>` : ''}
<form method="post" action="${BOARD_PATH}/login">
<input type="hidden" name="token" value="${escapeHtml(form.token)}">
<label>E-mail address
<input name="email" type="email" autocomplete="username" required maxlength="254" value="${escapeHtml(form.email)}"
 ${form.email ? '' : 'autofocus'}></label>
<label>Password
<input name="password" type="password" autocomplete="current-password" required maxlength="1000"
 ${form.email ? 'autofocus' : ''}></label>
<button>Log in</button>
</form>`,
  );

export const codePage = (form: { token: string; challenge: string; message: string | undefined }): string =>
  page(
    'Queues: second factor',
    `${form.message ? `<p class="message" role="alert">${escapeHtml(form.message)}</p>` : ''}
<form method="post" action="${BOARD_PATH}/login">
<input type="hidden" name="token" value="${escapeHtml(form.token)}">
<input type="hidden" name="challenge" value="${escapeHtml(form.challenge)}">
<label>Code from your authenticator app, or a recovery code
<input name="code" autocomplete="one-time-code" required maxlength="50" autofocus></label>
<div class="actions"><a href="${BOARD_PATH}/login">Begin again</a><button>Log in</button></div>
</form>`,
  );

export const sessionPage = ({ name, email, mayAct }: Operator, token: string): string =>
  page(
    'Queues: your session',
    `<p>${escapeHtml(name)}<br>${escapeHtml(email)}</p>
<p>${
      mayAct
        ? 'You may change jobs and queues. What you do is logged.'
        : 'You may look. Changing jobs and queues is a right of its own, which your account does not have.'
    }</p>
<p>A session ends ${OPERATOR_SESSION_HOURS} hours after its login.</p>
<form method="post" action="${BOARD_PATH}/logout" class="actions">
<input type="hidden" name="token" value="${escapeHtml(token)}">
<a href="${BOARD_PATH}">Back to the queues</a>
<button>Log out</button>
</form>`,
  );
