import type { RunningRefresh } from '../../../domain/refresh/start';
import type { RefreshWorld } from './fixture';

/** The broker took the holder for dead and gave the same job to another worker, which begins it. */
export async function runningTwin(world: RefreshWorld, running: RunningRefresh): Promise<RunningRefresh> {
  const twin = await world.start(running, true);
  if (!twin) throw new Error('The job was not handed over.');
  return twin;
}
