/**
 * Waiting items by owner, taken from the owners in turn, so that what one owner piles up delays another by one
 * item and not by the pile.
 */
export class FairQueue<Item> {
  private readonly waiting = new Map<string, Item[]>();

  constructor(private readonly maxPerOwner: number) {}

  /** @returns false when this owner has `maxPerOwner` waiting already */
  add(owner: string, item: Item): boolean {
    const items = this.waiting.get(owner) ?? [];
    if (items.length >= this.maxPerOwner) return false;
    items.push(item);
    this.waiting.set(owner, items);
    return true;
  }

  /** The next item of an owner that is not in `busy`; that owner goes to the end of the round. */
  take(busy: ReadonlySet<string>): Item | undefined {
    for (const [owner, items] of this.waiting) {
      if (busy.has(owner)) continue;
      const item = items.shift();
      this.waiting.delete(owner);
      if (items.length > 0) this.waiting.set(owner, items);
      return item;
    }
    return undefined;
  }

  remove(owner: string, item: Item): void {
    const left = (this.waiting.get(owner) ?? []).filter((other) => other !== item);
    if (left.length > 0) this.waiting.set(owner, left);
    else this.waiting.delete(owner);
  }

  /** Empties the queue. */
  drain(): Item[] {
    const items = [...this.waiting.values()].flat();
    this.waiting.clear();
    return items;
  }
}
