import type { Database } from '../../../db/database';
import { readClusterIdentity, type ClusterIdentity } from './own-cluster';

/** Who the platform's own server is, asked on a connection of its pool. */
export const ownClusterOf = (db: Database) => async (): Promise<ClusterIdentity> => {
  const client = await db.acquire();
  try {
    return await readClusterIdentity((text) => client.query(text));
  } finally {
    await db.release(client);
  }
};
