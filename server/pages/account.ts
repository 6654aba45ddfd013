import { htmlPage } from './shell';

/** Relative, as the script's calls are: the platform may lie below a path of its own (PUBLIC_URL). */
const page = (title: string, content: string): string =>
  htmlPage({
    title,
    content: `${content}
<p id="message" class="message" role="status" hidden></p>
<noscript><p class="message">This page needs JavaScript to pass on your answer.</p></noscript>`,
    stylesheet: 'account.css',
    script: 'account.js',
  });

const EMAIL = `<label>Your e-mail address
<input name="email" type="email" autocomplete="username" required maxlength="254"></label>`;
const NEW_PASSWORD = `<label>New password
<input name="password" type="password" autocomplete="new-password" required maxlength="128"></label>
<p class="hint">At least 15 characters, or 8 with two-factor authentication on. A few words are easy to remember.</p>`;

/**
 * Each form names what it is sent to (`data-to`), and when it is shown (`data-when`): with a token in the address, or
 * without one, or once that was refused. The words of an answer are the API's own.
 */
const form = (attributes: string, fields: string, button: string): string =>
  `<form method="post" ${attributes} hidden>
${fields}
<button>${button}</button>
</form>`;

/** Behind a button, not at once: programs that look at mails for people open their links, too. */
export const verifyEmailPage = page(
  'Verify your e-mail address',
  `${form('data-to="auth/verify-email" data-when="token"', '<p>Is this address yours?</p>', 'Yes, verify it')}
${form('data-to="auth/resend-verification" data-when="no-token"', `<p>Where shall we send a new link?</p>\n${EMAIL}`, 'Send a new link')}`,
);

export const resetPasswordPage = page(
  'Reset your password',
  `${form('data-to="auth/reset-password" data-when="token"', NEW_PASSWORD, 'Set this password')}
${form('data-to="auth/forgot-password" data-when="no-token"', `<p>We send you a link with which you can choose a new one.</p>\n${EMAIL}`, 'Send the link')}`,
);
