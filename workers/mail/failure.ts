import type { NodemailerError } from 'nodemailer';

/** Why a try failed. */
export interface SendFailure {
  /** For an operator: holds no address, and of what the other server wrote only its codes. */
  reason: string;
  /** The same mail would be refused again. */
  isPermanent: boolean;
}

/** Where in the talk a refusal is about this mail. Before that (greeting, AUTH) it is about us, for every mail. */
const OF_THE_MAIL = new Set(['MAIL FROM', 'RCPT TO', 'DATA', 'API']);
/** RFC 4954: we have to authenticate, or otherwise. The operator has to mend that; the mail is as good as it was. */
const AUTHENTICATION = new Set([530, 534, 535, 538]);
/** What nodemailer finds wrong with an envelope or a mail before it asks the server. */
const REFUSED_HERE = new Set(['EENVELOPE', 'EMESSAGE']);

export function failureOf(error: NodemailerError): SendFailure {
  const { code = 'unknown', command = '', responseCode, response = '' } = error;
  if (responseCode === undefined) {
    return {
      reason: `The mail server could not be used (${[code, error.originalCode, error.timeoutType].filter(Boolean).join(', ')}).`,
      isPermanent: REFUSED_HERE.has(code) && OF_THE_MAIL.has(command),
    };
  }
  const enhanced = /^\d{3}[ -](\d\.\d{1,3}\.\d{1,3})\b/.exec(response)?.[1];
  return {
    reason: `The mail server answered ${[responseCode, enhanced].filter(Boolean).join(' ')} to ${command || code}.`,
    isPermanent: error.permanent === true && OF_THE_MAIL.has(command) && !AUTHENTICATION.has(responseCode),
  };
}
