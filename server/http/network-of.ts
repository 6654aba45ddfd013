import ipaddr from 'ipaddr.js';

/** `203.0.113.7:51034`, as some proxies write who asked. */
const WITH_PORT = /^(\d{1,3}(?:\.\d{1,3}){3}):\d{1,5}$/;

/**
 * What counts as one caller where nobody has logged in. One household or server has a whole /64 of IPv6 to itself,
 * so that is what counts as one; IPv4 in IPv6's clothes is itself.
 * @param ip as a socket or a proxy gives it; what is no address is its own
 */
export function networkOf(ip: string): string {
  const text = WITH_PORT.exec(ip)?.[1] ?? ip;
  if (!ipaddr.isValid(text)) return text;
  const address = ipaddr.process(text);
  if (address instanceof ipaddr.IPv4) return address.toString();
  return `${address.parts
    .slice(0, 4)
    .map((part) => part.toString(16))
    .join(':')}::/64`;
}
