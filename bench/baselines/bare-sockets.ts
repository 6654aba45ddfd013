import { createServer } from 'node:http';
import { serveCommands } from '../parts/helper';
import { bareIo } from './bare-io';
import { listen } from './listen';

/** Socket.IO alone, one room, no login. */
serveCommands(async ({ redisUrl }: { redisUrl: string | undefined }) => {
  const server = createServer();
  bareIo(server, redisUrl);
  const port = await listen(server);
  return { port: () => port };
});
