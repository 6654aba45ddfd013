import { createTransport, type NodemailerError } from 'nodemailer';
import type { Message } from '../../domain/mail/templates/layout';
import type { Env } from '../../lib/env';
import { failureOf, type SendFailure } from './failure';
import {
  ANSWER_TIMEOUT_MS,
  CLOSE_TIMEOUT_MS,
  CONNECTION_TIMEOUT_MS,
  DNS_TIMEOUT_MS,
  GREETING_TIMEOUT_MS,
} from './limits';

export interface Letter extends Message {
  /** The mail's row. */
  id: string;
  recipient: string;
  createdAt: Date;
}

/** Where mails go. `none`: nowhere, they wait in their table. */
export type Mailer =
  | { kind: 'smtp'; send(letter: Letter, signal: AbortSignal): Promise<SendFailure | undefined> }
  | { kind: 'mailbox' }
  | { kind: 'none' };

/** SMTP where SMTP_URL is set; else the local mailbox where that is wanted (embedded mode). */
export function createMailer({ SMTP_URL, MAIL_FROM, DEV_MAILBOX }: Env): Mailer {
  if (SMTP_URL && MAIL_FROM) return smtpMailer(SMTP_URL, MAIL_FROM);
  return { kind: DEV_MAILBOX ? 'mailbox' : 'none' };
}

function smtpMailer(url: string, from: string): Mailer {
  const transport = createTransport({
    url,
    // A password goes over no open wire, even where somebody in between hides that the server offers TLS.
    requireTLS: new URL(url).username !== '',
    dnsTimeout: DNS_TIMEOUT_MS,
    connectionTimeout: CONNECTION_TIMEOUT_MS,
    greetingTimeout: GREETING_TIMEOUT_MS,
    socketTimeout: ANSWER_TIMEOUT_MS,
    socketCloseTimeout: CLOSE_TIMEOUT_MS,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const domain = /@([^@>]+)>?$/.exec(from)?.[1] ?? 'localhost';
  return {
    kind: 'smtp',
    /** @returns why it was not taken; undefined where it was */
    async send({ id, recipient, createdAt, subject, text, html }, signal) {
      try {
        await transport.sendMail({
          from,
          // As an object: text is parsed, and could name more than one.
          to: { name: '', address: recipient },
          subject,
          text,
          html,
          // The same with each try, so that a mail that comes twice is known for one (RFC 5322, 3.6.4).
          messageId: `<${id}@${domain}>`,
          date: createdAt,
          // No out-of-office replies to it (RFC 3834).
          headers: { 'Auto-Submitted': 'auto-generated' },
          signal,
        });
        return undefined;
      } catch (error) {
        return failureOf(error as NodemailerError);
      }
    },
  };
}
