/** A socket as presence knows it. The same object as the socket's state holds, so that it is kept once. */
export interface PresentConnection {
  readonly id: string;
  readonly businessId: string;
  readonly userId: string;
  readonly sessionId: string;
  /** Dashboards it has open; undefined for none, which is what most connections have. */
  dashboards: Set<string> | undefined;
}

/** A person at a place, whose presence may have changed. `scopeId` is a dashboard's id or the business's own. */
export interface Place {
  businessId: string;
  scopeId: string;
  userId: string;
}

export function placesOf({ businessId, userId, dashboards }: PresentConnection): Place[] {
  const scopes = [businessId, ...(dashboards ?? [])];
  return scopes.map((scopeId) => ({ businessId, scopeId, userId }));
}

/** The places as the columns of an `unnest`. */
export const columnsOf = (places: readonly Place[]): [string[], string[], string[]] => [
  places.map((place) => place.businessId),
  places.map((place) => place.scopeId),
  places.map((place) => place.userId),
];
