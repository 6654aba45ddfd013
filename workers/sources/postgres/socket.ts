import { once } from 'node:events';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { WireError } from './frames';

export interface PostgresTarget {
  /** The numeric, checked address that is connected to. */
  address: string;
  port: number;
  /** TLS with a certificate for `host`, or undefined for none. `ca`: instead of the public authorities. */
  tls: { host: string; ca?: string } | undefined;
}

/** The SSLRequest message (PostgreSQL manual, 54.7): its length, 8, and the code 80877103. */
const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]);
const YES = 'S';

/** Exactly one byte: more would be somebody in between who adds to what TLS will protect (CVE-2021-23222). */
async function startTls(socket: Socket, tls: NonNullable<PostgresTarget['tls']>): Promise<Socket> {
  socket.write(SSL_REQUEST);
  const [answer] = (await once(socket, 'data')) as [Buffer];
  if (answer.toString('latin1') !== YES) throw new WireError('no_tls');
  const secured = connectTls({
    socket,
    host: tls.host,
    rejectUnauthorized: true,
    minVersion: 'TLSv1.2',
    // Server Name Indication takes names only (RFC 6066, 3); an address is checked by `host`.
    ...(isIP(tls.host) ? {} : { servername: tls.host }),
    ...(tls.ca === undefined ? {} : { ca: tls.ca }),
  });
  await once(secured, 'secureConnect');
  return secured;
}

/**
 * Connects, with TLS from the first byte of the session where it is demanded: a server that declines is an
 * error, never a plain connection.
 * @param onSocket gets each socket as it is made, to destroy it when the time is up
 */
export async function openSocket(
  target: PostgresTarget,
  onSocket: (socket: Socket) => void,
): Promise<Socket> {
  const socket = connectTcp({ host: target.address, port: target.port, noDelay: true });
  onSocket(socket);
  await once(socket, 'connect');
  if (!target.tls) return socket;
  const secured = await startTls(socket, target.tls);
  onSocket(secured);
  return secured;
}
