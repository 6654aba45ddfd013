import fc from 'fast-check';
import { hostileKey, hostileValue, Raw } from './hostile';

/** One thing made wrong, at a place that `where` picks among those there are. */
export interface Mutation {
  where: number;
  how: 'replace' | 'remove' | 'add' | 'double' | 'wrap';
  key: string;
  value: unknown;
}

export const mutations: fc.Arbitrary<Mutation> = fc.record({
  where: fc.nat(),
  how: fc.constantFrom('replace', 'replace', 'replace', 'remove', 'add', 'double', 'wrap'),
  key: hostileKey,
  value: hostileValue,
});

type Parent = Record<string, unknown>;
const isParent = (value: unknown): value is Parent =>
  typeof value === 'object' && value !== null && !(value instanceof Raw);

/** Every place in a value: who holds it, and under which key. */
function placesOf(value: unknown): { parent: Parent; key: string }[] {
  if (!isParent(value)) return [];
  return Object.entries(value).flatMap(([key, child]) => [{ parent: value, key }, ...placesOf(child)]);
}

/** Changes the value in place where it can, and gives what stands for it now. */
export function mutate(value: unknown, { where, how, key, value: hostile }: Mutation): unknown {
  const places = placesOf(value);
  if (how === 'wrap') return [value];
  if (how === 'add' && isParent(value)) {
    const parents = [value, ...places.map(({ parent }) => parent)].filter((each) => !Array.isArray(each));
    Object.defineProperty(parents[where % parents.length] ?? value, key, {
      value: hostile,
      enumerable: true,
      configurable: true,
      writable: true,
    });
    return value;
  }
  const place = places[where % Math.max(1, places.length)];
  if (!place) return hostile;
  const { parent, key: at } = place;
  if (how === 'remove') delete parent[at];
  else if (how === 'double') parent[at] = [parent[at], parent[at]];
  else parent[at] = hostile;
  return value;
}
