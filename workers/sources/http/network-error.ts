import { SourceError } from '../../../lib/errors';
import { errorCode } from '../error-code';

/** What Node's error codes mean to whoever owns the widget. */
const REASONS: Record<string, string> = {
  ECONNREFUSED: 'The server refused the connection.',
  ECONNRESET: 'The server closed the connection before its answer was complete.',
  EPIPE: 'The server closed the connection before its answer was complete.',
  ETIMEDOUT: 'The server could not be reached.',
  EHOSTUNREACH: 'The server could not be reached.',
  ENETUNREACH: 'The server could not be reached.',
  EADDRNOTAVAIL: 'The server could not be reached.',
  CERT_HAS_EXPIRED: "The server's TLS certificate has expired.",
  CERT_NOT_YET_VALID: "The server's TLS certificate is not valid yet.",
  DEPTH_ZERO_SELF_SIGNED_CERT: "The server's TLS certificate is self-signed.",
  SELF_SIGNED_CERT_IN_CHAIN: "The server's TLS certificate is signed by an authority that is not trusted.",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "The server's TLS certificate can not be verified.",
  UNABLE_TO_GET_ISSUER_CERT: "The server's TLS certificate can not be verified.",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "The server's TLS certificate can not be verified.",
  ERR_TLS_CERT_ALTNAME_INVALID: "The server's TLS certificate is for another host name.",
  HPE_HEADER_OVERFLOW: "The server's answer has headers that are too large.",
};

/** Failures of OpenSSL (`ERR_SSL_WRONG_VERSION_NUMBER`, `EPROTO`) and of the HTTP parser (`HPE_...`) at large. */
function reasonOf(code: string): string {
  if (REASONS[code]) return REASONS[code];
  if (code === 'EPROTO' || code.startsWith('ERR_SSL_'))
    return 'No TLS connection could be made with the server.';
  if (code.startsWith('HPE_')) return 'The server answered with something that is not HTTP.';
  return 'The connection to the server failed.';
}

/** A failed connection as a SourceError `network_error`. Addresses stay in `cause`, which is for the log. */
export function networkError(cause: unknown): SourceError {
  return new SourceError('network_error', reasonOf(errorCode(cause)), { cause });
}
