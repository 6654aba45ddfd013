import { createServer, type AddressInfo } from 'node:net';
import { StartupError } from './errors';

/**
 * Finds out early whether the server will be able to listen.
 * @param port 0: any free one
 * @returns the port
 * @throws StartupError with one line that names the port and how to choose another
 */
export async function findFreePort(host: string, port: number): Promise<number> {
  const server = createServer();
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(port, host, resolve);
    });
  } catch (error) {
    throw listenError(error, host, port);
  }
  const address = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return address.port;
}

/** What an error of `listen` means to the operator: a StartupError, or the error itself where it is another. */
export function listenError(error: unknown, host: string, port: number): unknown {
  const { code } = error as NodeJS.ErrnoException;
  const another = `Choose another, for example: PORT=${port + 1} npm start`;
  switch (code) {
    case 'EADDRINUSE':
      return new StartupError(`Port ${port} is in use. ${another}`, { cause: error });
    case 'EACCES':
      return new StartupError(
        `Port ${port} may not be used by this account. Choose one above 1023 with PORT.`,
      );
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new StartupError(`HOST ${host} is not an address of this machine.`, { cause: error });
    default:
      return error;
  }
}
