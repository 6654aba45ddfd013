import type { Role } from '../domain/roles';

/** One of the demo's people. */
export interface Person {
  id: string;
  email: string;
  name: string;
  /** undefined for the operator, who runs the platform and belongs to no business. */
  role: Role | undefined;
}

/** Ids are fixed, so that a second seed finds what the first one made. */
const person = (number: number, email: string, name: string, role?: Role): Person => ({
  id: `019a7000-0000-7000-8000-0000000000a${number}`,
  email,
  name,
  role,
});

export const ADMIN = person(1, 'admin@demo.test', 'Amira Aydin', 'admin');
export const MANAGER = person(2, 'manager@demo.test', 'Marco Mancini', 'manager');
export const MEMBER = person(3, 'member@demo.test', 'Mei Lindqvist', 'member');
export const VIEWER = person(4, 'viewer@demo.test', 'Viktor Vance', 'viewer');
export const OPERATOR = person(5, 'operator@demo.test', 'Olu Okafor');

export const PEOPLE: readonly Person[] = [ADMIN, MANAGER, MEMBER, VIEWER, OPERATOR];
