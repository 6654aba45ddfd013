import ipaddr from 'ipaddr.js';
import { SourceError } from '../../../lib/errors';
import { namesHost, opensAddress } from './allow-list';
import { parseHost } from './host';
import { isPublicAddress } from './public-address';
import { resolveByDns, resolveByTheSystem } from './resolve-name';

/** Longest a name may take to resolve, ms: a third of what a whole HTTP source gets. */
const DNS_TIMEOUT_MS = 3_000;

export interface AllowedAddress {
  /** Numeric: connect to this, and to nothing that a name resolves to later. */
  address: string;
  family: 4 | 6;
}

export interface AddressOptions {
  /** ALLOW_PRIVATE_HOSTS: what may be reached although it is not on the public internet (allow-list.ts). */
  allowPrivateHosts: string[];
  signal: AbortSignal;
  /** Every address of a name; tests put their own here. */
  resolve?: (host: string) => Promise<string[]>;
  dnsTimeoutMs?: number;
}

/**
 * A name without a dot can only be the operator's own (hosts file, search domain, container network), and so
 * can one that the allow-list names; every other name belongs to whoever typed it.
 */
function defaultResolve(host: string, allowList: string[]): Promise<string[]> {
  return host.includes('.') && !namesHost(allowList, host) ? resolveByDns(host) : resolveByTheSystem(host);
}

/** Settles as `work` does, or rejects when the time is up or the signal is aborted, whichever is first. */
async function within<T>(work: Promise<T>, ms: number, signal: AbortSignal, tooLate: Error): Promise<T> {
  let stop = (): void => undefined;
  const end = new Promise<never>((_resolve, reject) => {
    const timer = setTimeout(() => reject(tooLate), ms);
    const onAbort = (): void => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    stop = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
    };
  });
  return Promise.race([work, end]).finally(() => stop());
}

async function addressesOf(host: string, options: AddressOptions): Promise<string[]> {
  if (ipaddr.isValid(host)) return [host];
  const resolve = options.resolve ?? ((name: string) => defaultResolve(name, options.allowPrivateHosts));
  const notFound = (cause?: unknown) =>
    new SourceError('host_not_found', `No address was found for "${host}".`, { cause });
  const tooLate = new SourceError('host_not_found', `Looking up the name "${host}" took too long.`);
  const timeoutMs = options.dnsTimeoutMs ?? DNS_TIMEOUT_MS;
  const lookup = resolve(host).catch((error: unknown) => {
    throw notFound(error);
  });
  const addresses = await within(lookup, timeoutMs, options.signal, tooLate);
  if (addresses.length === 0) throw notFound();
  return addresses;
}

/**
 * Resolves a host that a user named and answers with the one address that may be connected to. The caller
 * connects to it, never to the name, and sends the name as Host header and in TLS only: a name that resolves
 * to something else a moment later (DNS rebinding) changes nothing, and Node's `lookup` hook, which is not
 * called for numeric hosts, is not relied on. **Every** address of the name must be public or opened by the
 * allow-list. IPv4 comes first: containers often have no IPv6 route, and there is no second try.
 * @throws SourceError `address_not_allowed` | `host_not_found`; the messages hold no resolved address
 * @throws the signal's reason when it is aborted
 */
export async function resolveAllowedAddress(
  host: string,
  port: number,
  options: AddressOptions,
): Promise<AllowedAddress> {
  options.signal.throwIfAborted();
  const name = parseHost(host);
  const refuse = () =>
    new SourceError('address_not_allowed', `"${host}" is at an address that is not allowed.`);
  if (name === undefined) throw refuse();
  const addresses = await addressesOf(name, options);
  const isAllowed = (address: string) =>
    isPublicAddress(address) || opensAddress(options.allowPrivateHosts, name, address, port);
  if (!addresses.every(isAllowed)) throw refuse();
  const [first] = addresses.map((address) => ipaddr.process(address)).sort(byFamily);
  if (!first) throw refuse();
  return { address: first.toString(), family: first.kind() === 'ipv4' ? 4 : 6 };
}

const byFamily = (a: ipaddr.IPv4 | ipaddr.IPv6, b: ipaddr.IPv4 | ipaddr.IPv6): number =>
  a.kind().localeCompare(b.kind());
