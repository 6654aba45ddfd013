/** Longest waits for an SMTP server, ms. All of a try together has SEND_LIMIT_MS (domain/mail/limits). */

/** For its name to be resolved. */
export const DNS_TIMEOUT_MS = 5_000;
/** For the connection, with TLS. */
export const CONNECTION_TIMEOUT_MS = 10_000;
/** For its first word. */
export const GREETING_TIMEOUT_MS = 15_000;
/** For each answer after that. Servers that check for spam take seconds to answer the end of a mail. */
export const ANSWER_TIMEOUT_MS = 30_000;
/** For it to hang up after us; then the socket is destroyed. */
export const CLOSE_TIMEOUT_MS = 1_000;
