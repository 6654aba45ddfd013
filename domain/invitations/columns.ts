/** Columns of `invitations i` for presentInvitation. */
export const INVITATION_COLUMNS = `i.id, i.email, i.role, i.invited_by as "invitedBy", i.expires_at as "expiresAt",
  i.created_at as "createdAt"`;
