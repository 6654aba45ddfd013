import ipaddr from 'ipaddr.js';

/** The only IPv6 block that addresses of the public internet come from (RFC 4291, IANA's registry). */
const GLOBAL_UNICAST = ipaddr.parseCIDR('2000::/3');

/** Unicast by its number, yet a cloud's control service inside its own machines: Azure's WireServer. */
const CLOUD_CONTROL = new Set(['168.63.129.16']);

/**
 * Is this an address on the public internet? Loopback, private, link-local, carrier-grade NAT, reserved,
 * multicast and every form that carries an IPv4 address within (mapped, NAT64, 6to4, Teredo) are not; a
 * mapped one is judged as the IPv4 address it stands for.
 * @param address a numeric IPv4 or IPv6 address; anything else, a zone id too, is not public
 */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address) || address.includes('%')) return false;
  const parsed = ipaddr.process(address);
  if (parsed.range() !== 'unicast' || CLOUD_CONTROL.has(parsed.toString())) return false;
  // ipaddr.js calls whatever no special range names "unicast", so also ::127.0.0.1 (RFC 4291, 2.5.5.1).
  return parsed.kind() === 'ipv4' || parsed.match(GLOBAL_UNICAST);
}
