export interface ConnectionRow {
  id: string;
  businessId: string;
  name: string;
  kind: 'postgres' | 'http';
  config: Record<string, unknown>;
  secret: string | null;
  version: number;
  createdAt: Date;
  updatedAt: Date;
}

/** A connection without its secret, which can be written and never read. */
export const presentConnection = (row: ConnectionRow) => ({
  id: row.id,
  name: row.name,
  kind: row.kind,
  config: row.config,
  hasSecret: row.secret !== null,
  version: row.version,
  createdAt: row.createdAt.toISOString(),
  updatedAt: row.updatedAt.toISOString(),
});
export type PresentedConnection = ReturnType<typeof presentConnection>;
