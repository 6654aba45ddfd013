import { SourceError } from '../../../lib/errors';
import { resolveAllowedAddress } from '../network/address';
import type { HttpLimits } from './limits';
import { networkError } from './network-error';
import { readBody } from './read-body';
import { nextHop } from './redirect';
import { type HopRequest, hostOf, portOf, sendTo } from './request';
import { demandSuccess } from './status';

export interface Answer {
  text: string;
  contentType: string;
}

export interface ExchangeOptions {
  allowPrivateHosts: string[];
  limits: HttpLimits;
  /** Every address of a name; tests put their own here. */
  resolve?: (host: string) => Promise<string[]>;
}

/** A host that may not be reached, told as where it was met: in the widget's URL or in a redirect. */
const afterRedirect = (error: unknown): unknown =>
  error instanceof SourceError && error.code === 'address_not_allowed'
    ? new SourceError(error.code, 'The server redirects to an address that is not allowed.', { cause: error })
    : error;

/**
 * Sends a request, follows its redirects, and reads the answer. The address of every hop is checked anew.
 * @throws SourceError for every failure; what the signal's abort means is the caller's to say
 */
export async function exchange(first: HopRequest, options: ExchangeOptions): Promise<Answer> {
  let hop = first;
  for (let redirects = 0; ; redirects += 1) {
    const target = await resolveAllowedAddress(hostOf(hop.url), portOf(hop.url), {
      ...options,
      signal: hop.signal,
    }).catch((error: unknown) => {
      throw redirects === 0 ? error : afterRedirect(error);
    });
    const response = await sendTo(target, hop).catch((cause: unknown) => {
      throw networkError(cause);
    });
    try {
      const next = nextHop(response, hop);
      if (!next) {
        demandSuccess(response);
        return {
          text: await readBody(response, options.limits.responseBytes),
          contentType: response.headers['content-type'] ?? '',
        };
      }
      if (redirects === options.limits.redirects) {
        throw new SourceError(
          'redirect_not_allowed',
          `The server redirects more than ${options.limits.redirects} times.`,
        );
      }
      hop = next;
    } catch (error) {
      throw error instanceof SourceError ? error : networkError(error);
    } finally {
      // What is left of a body that nobody wants would keep the connection open.
      response.destroy();
    }
  }
}
