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

export interface BusinessSettingsRow extends BusinessRow {
  conversationRetentionDays: number;
  chatsPerMinute: number;
  chatsPerHour: number;
  chatsPerDay: number;
  version: number;
}

/** A business as each of its members sees it; the caller's role is no part of it, since all are told the same. */
export const presentSettings = (row: BusinessSettingsRow) => ({
  id: row.id,
  name: row.name,
  timezone: row.timezone,
  locale: row.locale,
  conversationRetentionDays: row.conversationRetentionDays,
  chatLimits: { perMinute: row.chatsPerMinute, perHour: row.chatsPerHour, perDay: row.chatsPerDay },
  version: row.version,
});
export type PresentedSettings = ReturnType<typeof presentSettings>;

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
