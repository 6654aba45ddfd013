/** Columns of `users u` as a person's row (presenters/people). */
export const USER_COLUMNS = `u.id, u.email, u.name, u.avatar_url as "avatarUrl", u.email_verified_at as "emailVerifiedAt",
  u.two_factor_enabled_at as "twoFactorEnabledAt", u.created_at as "createdAt"`;
/** Columns of `businesses b` and `memberships m`. */
export const BUSINESS_COLUMNS = `json_build_object('id', b.id, 'name', b.name, 'timezone', b.timezone, 'locale', b.locale)
  as business, m.role`;
