import { DEFAULT_QUIRKS, type ProviderProtocol, type ProviderQuirks } from '../providers/config';
import type { OwnModel } from '../providers/model';

export interface ProviderRow {
  id: string;
  businessId: string;
  slug: string;
  name: string;
  protocol: ProviderProtocol;
  baseUrl: string | null;
  secret: string | null;
  quirks: Partial<ProviderQuirks>;
  models: OwnModel[];
  version: number;
  createdAt: Date;
  updatedAt: Date;
}

/** A business's provider without its secret, which can be written and never read. */
export const presentProvider = (row: ProviderRow) => ({
  id: row.id,
  slug: row.slug,
  name: row.name,
  protocol: row.protocol,
  baseUrl: row.baseUrl,
  hasSecret: row.secret !== null,
  quirks: { ...DEFAULT_QUIRKS, ...row.quirks },
  models: row.models,
  version: row.version,
  createdAt: row.createdAt.toISOString(),
  updatedAt: row.updatedAt.toISOString(),
});
