import type { LayoutItem } from '../../db/layout-item';

export interface DashboardRow {
  id: string;
  businessId: string;
  ownerId: string;
  name: string;
  description: string;
  shared: boolean;
  layout: LayoutItem[];
  version: number;
  createdAt: Date;
  updatedAt: Date;
}

export interface PresentedDashboard extends Omit<DashboardRow, 'businessId' | 'createdAt' | 'updatedAt'> {
  createdAt: string;
  updatedAt: string;
}

export const presentDashboard = (row: DashboardRow): PresentedDashboard => ({
  id: row.id,
  ownerId: row.ownerId,
  name: row.name,
  description: row.description,
  shared: row.shared,
  layout: row.layout,
  version: row.version,
  createdAt: row.createdAt.toISOString(),
  updatedAt: row.updatedAt.toISOString(),
});
