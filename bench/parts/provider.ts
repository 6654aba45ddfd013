import { startSandbox } from '../../sandbox/server';
import { serveCommands } from './helper';

/** The sandbox as a process of its own: what it costs must not be counted as the worker's. */
serveCommands(async (setting: { control?: boolean }) => {
  const { url } = await startSandbox(setting);
  return { url: () => url };
});
