import ipaddr from 'ipaddr.js';
import { parseHost } from './host';

type Cidr = ReturnType<typeof ipaddr.parseCIDR>;

/** One entry of ALLOW_PRIVATE_HOSTS. Without `port` it opens every port. */
type AllowEntry = { port: number | undefined } & ({ host: string } | { cidr: Cidr });

const ENTRY = /^(?:\[(?<bracketed>[^\]]+)\]|(?<plain>[^:[\]]+))(?::(?<port>\d{1,5}))?$/;

function toCidr(text: string): Cidr | undefined {
  if (ipaddr.isValidCIDR(text)) {
    const [address, bits] = ipaddr.parseCIDR(text);
    return [address, bits];
  }
  if (!ipaddr.isValid(text)) return undefined;
  const address = ipaddr.process(text);
  return [address, address.kind() === 'ipv4' ? 32 : 128];
}

/**
 * Reads `host`, `host:port`, an IP (`10.0.0.5`, `10.0.0.5:5432`, `fd00::5`, `[fd00::5]:5432`) or a CIDR.
 * @returns undefined where the text is none of these: such an entry opens nothing
 */
export function parseAllowEntry(text: string): AllowEntry | undefined {
  const whole = toCidr(text);
  if (whole) return { cidr: whole, port: undefined };
  const parts = ENTRY.exec(text)?.groups;
  const name = parts?.bracketed ?? parts?.plain;
  if (!name) return undefined;
  const port = parts?.port === undefined ? undefined : Number(parts.port);
  const cidr = toCidr(name);
  if (cidr) return { cidr, port };
  const host = parseHost(name);
  return host === undefined ? undefined : { host, port };
}

function covers(cidr: Cidr, address: string): boolean {
  const parsed = ipaddr.process(address);
  return parsed.kind() === cidr[0].kind() && parsed.match(cidr);
}

/**
 * What the operator opened on purpose: a host entry opens every address of that name, an IP or CIDR entry
 * those addresses under any name.
 * @param host as {@link parseHost} gives it
 */
export function opensAddress(allowList: string[], host: string, address: string, port: number): boolean {
  return allowList.some((text) => {
    const entry = parseAllowEntry(text);
    if (!entry || (entry.port !== undefined && entry.port !== port)) return false;
    return 'host' in entry ? entry.host === host : covers(entry.cidr, address);
  });
}

/** Does an entry name this host, on whatever port? */
export function namesHost(allowList: string[], host: string): boolean {
  return allowList.some((text) => {
    const entry = parseAllowEntry(text);
    return entry !== undefined && 'host' in entry && entry.host === host;
  });
}
