/** Columns of `businesses b` for presentSettings. */
export const SETTINGS_COLUMNS = `b.id, b.name, b.timezone, b.locale,
  b.conversation_retention_days as "conversationRetentionDays", b.chats_per_minute as "chatsPerMinute",
  b.chats_per_hour as "chatsPerHour", b.chats_per_day as "chatsPerDay", b.version`;
