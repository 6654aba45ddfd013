import type { Role } from '../roles';

export interface UserRow {
  id: string;
  email: string;
  name: string;
  avatarUrl: string | null;
  emailVerifiedAt: Date | null;
  twoFactorEnabledAt: Date | null;
  createdAt: Date;
}

export const presentUser = (row: UserRow) => ({
  id: row.id,
  email: row.email,
  name: row.name,
  avatarUrl: row.avatarUrl,
  emailVerified: row.emailVerifiedAt !== null,
  twoFactorEnabled: row.twoFactorEnabledAt !== null,
  createdAt: row.createdAt.toISOString(),
});
export type PresentedUser = ReturnType<typeof presentUser>;

export interface BusinessRow {
  id: string;
  name: string;
  timezone: string;
  locale: string;
}

/** @param role the caller's */
export const presentBusiness = (row: BusinessRow, role: Role) => ({
  id: row.id,
  name: row.name,
  role,
  timezone: row.timezone,
  locale: row.locale,
});
export type PresentedBusiness = ReturnType<typeof presentBusiness>;

export interface MemberRow {
  userId: string;
  name: string;
  email: string;
  avatarUrl: string | null;
  role: Role;
  version: number;
}

export const presentMember = (row: MemberRow) => ({
  userId: row.userId,
  name: row.name,
  email: row.email,
  avatarUrl: row.avatarUrl,
  role: row.role,
  version: row.version,
});
export type PresentedMember = ReturnType<typeof presentMember>;
