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
const PASSWORD = `<label>Your password
<input name="password" type="password" autocomplete="current-password" required maxlength="1000"></label>`;
const newPassword = (hint: string): string => `<label>New password
<input name="password" type="password" autocomplete="new-password" required maxlength="128"></label>
<p class="hint">${hint} A few words are easy to remember.</p>`;
const NAME = `<label>Your name
<input name="name" autocomplete="name" required maxlength="100"></label>`;
const CODE = `<label>The code of your authenticator app
<input name="code" inputmode="numeric" autocomplete="one-time-code" required maxlength="6"></label>`;

interface Form {
  /** Below the API's base. */
  to: string;
  /**
   * When it is shown: with a token in the address, without one (or once it was refused), once the API asks for a
   * login, or for its second step.
   */
  when: 'token' | 'no-token' | 'login' | 'code';
  fields: string;
  button: string;
}

/** The words of an answer are the API's own. */
const form = ({
  to,
  when,
  fields,
  button,
}: Form): string => `<form method="post" data-to="${to}" data-when="${when}" hidden>
${fields}
<button>${button}</button>
</form>`;

/** Behind a button, not at once: programs that look at mails for people open their links, too. */
export const verifyEmailPage = page(
  'Verify your e-mail address',
  [
    form({
      to: 'auth/verify-email',
      when: 'token',
      fields: '<p>Is this address yours?</p>',
      button: 'Yes, verify it',
    }),
    form({
      to: 'auth/resend-verification',
      when: 'no-token',
      fields: `<p>Where shall we send a new link?</p>\n${EMAIL}`,
      button: 'Send a new link',
    }),
  ].join('\n'),
);

/** Without a token it is the page behind "Forgot password". */
export const resetPasswordPage = page(
  'Reset your password',
  [
    form({
      to: 'auth/reset-password',
      when: 'token',
      fields: newPassword('At least 15 characters, or 8 with two-factor authentication on.'),
      button: 'Set this password',
    }),
    form({
      to: 'auth/forgot-password',
      when: 'no-token',
      fields: `<p>We send you a link with which you can choose a new one.</p>\n${EMAIL}`,
      button: 'Send the link',
    }),
  ].join('\n'),
);

/** Who has an account accepts as its owner: the page logs in for this one answer, and out again. */
export const acceptInvitationPage = page(
  'Accept your invitation',
  [
    form({
      to: 'invitations/accept',
      when: 'token',
      fields: `<p>Choose a name and a password for your new account. <a href="#login">I have an account already</a></p>
${NAME}\n${newPassword('At least 15 characters.')}`,
      button: 'Accept the invitation',
    }),
    form({
      to: 'auth/login',
      when: 'login',
      fields: `<p>Log in to accept the invitation.</p>\n${EMAIL}\n${PASSWORD}`,
      button: 'Log in and accept',
    }),
    form({ to: 'auth/2fa/verify', when: 'code', fields: CODE, button: 'Accept the invitation' }),
    '<p data-when="no-token" hidden>Open the link from your mail again, or ask whoever invited you for a new one.</p>',
  ].join('\n'),
);
