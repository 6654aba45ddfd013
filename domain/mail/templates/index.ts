import type { MailFacts } from '../read';
import type { MailTemplate } from '../queue-mail';
import type { Words } from './layout';

/** The address behind a mail's button; given to those templates that have one. */
type Template = (facts: MailFacts, url: string) => Words;

const NOT_YOU =
  'If that was not you, reset your password at once: choose “Forgot password” where you log in.';
const IGNORE = 'If you did not ask for it, ignore this mail: nothing changes.';

const hello = ({ userName }: MailFacts): string => (userName ? `Hello ${userName},` : 'Hello,');
const at = (date: Date): string =>
  `${date.toLocaleString('en-GB', { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' })} UTC`;
const lifeOf = ({ expiresAt }: MailFacts): string[] =>
  expiresAt ? [`The link works until ${at(expiresAt)}.`] : [];

/** The words of every mail. A change of security is told with its time, so that its owner can place it. */
export const TEMPLATES: Record<MailTemplate, Template> = {
  verify_email: (facts, url) => ({
    subject: 'Verify your e-mail address',
    paragraphs: [
      hello(facts),
      'Please confirm that this address is yours. Until you do, you can use your dashboards, but not invite people or make API keys.',
      ...lifeOf(facts),
    ],
    action: { label: 'Verify this address', url },
    why: `You get this mail because an account was made with this address. ${IGNORE}`,
  }),
  reset_password: (facts, url) => ({
    subject: 'Reset your password',
    paragraphs: [
      hello(facts),
      'You can choose a new password with this link. It works once, and ends every session you are logged in with.',
      ...lifeOf(facts),
    ],
    action: { label: 'Choose a new password', url },
    why: `You get this mail because a new password was asked for with this address. ${IGNORE}`,
  }),
  password_changed: (facts) => ({
    subject: 'Your password was changed',
    paragraphs: [
      hello(facts),
      `Your password was changed on ${at(facts.createdAt)}. Everyone who was logged in to your account elsewhere has been logged out.`,
      NOT_YOU,
    ],
    why: 'You get this mail because the password of your account changed.',
  }),
  two_factor_changed: (facts) => ({
    subject: 'Your two-factor authentication was changed',
    paragraphs: [
      hello(facts),
      `The two-factor authentication of your account was changed on ${at(facts.createdAt)}. You see how it is set now in your account.`,
      NOT_YOU,
    ],
    why: 'You get this mail because the way to log in to your account changed.',
  }),
  invitation: (facts, url) => ({
    subject: 'You are invited to a business on Liveboard',
    paragraphs: [
      'Hello,',
      `${facts.inviterName ?? 'An admin'} invites you to join “${facts.businessName ?? 'a business'}” as ${facts.role ?? 'a member'}.`,
      ...lifeOf(facts),
    ],
    action: { label: 'See the invitation', url },
    why: 'You get this mail because an admin of that business entered this address. If you do not know them, ignore this mail: nothing happens.',
  }),
  account_locked: (facts) => ({
    subject: 'Your account is locked for a while',
    paragraphs: [
      hello(facts),
      `Somebody entered a wrong password for your account too often, so for a while nobody can log in with one${facts.lockedUntil ? `, until ${at(facts.lockedUntil)}` : ''}.`,
      'If it was you, wait until then, or choose “Forgot password” to set a new one now. If it was not, your password was not found out, and there is nothing to do.',
    ],
    why: 'You get this mail because your account was locked.',
  }),
  email_taken: (facts) => ({
    subject: 'You have an account already',
    paragraphs: [
      hello(facts),
      `On ${at(facts.createdAt)} somebody tried to make an account with this address, which has one already. If it was you, log in with it, or choose “Forgot password” to set a new one.`,
    ],
    why: 'You get this mail because an account with your address exists. If you did not try to make another, there is nothing to do.',
  }),
  new_login_session_revoked: (facts) => ({
    subject: 'We ended one of your sessions',
    paragraphs: [
      hello(facts),
      `On ${at(facts.createdAt)} an old key of one of your sessions was used again. That can mean that somebody copied it, so we ended that session; log in again to go on.`,
      NOT_YOU,
    ],
    why: 'You get this mail because a session of your account was ended for your safety.',
  }),
};
