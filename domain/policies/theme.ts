import type { Actor } from '../roles';

export interface ThemeAccess {
  businessId: string;
  userId: string;
}

const isOwn = (actor: Actor, theme: ThemeAccess) =>
  theme.businessId === actor.businessId && theme.userId === actor.userId;

/** Everyone has themes of their own, viewers too: they are a preference (product.md, roles). */
export const themePolicy = {
  list: () => true,
  create: () => true,
  read: isOwn,
  update: isOwn,
  delete: isOwn,
};
