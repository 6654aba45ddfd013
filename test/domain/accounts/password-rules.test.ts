import { assertPasswordAllowed } from '../../../domain/accounts/password-rules';
import type { HttpError } from '../../../lib/errors';

const owner = { email: 'josephine.baker@example.test', name: 'Josephine Anne Baker', twoFactor: false };
const refusal = (password: string, changes: Partial<typeof owner> = {}) => {
  try {
    assertPasswordAllowed(password, { ...owner, ...changes }, 'newPassword');
    return undefined;
  } catch (error) {
    const { status, details } = error as HttpError;
    expect([status, details?.map(({ path }) => path)]).toEqual([400, ['newPassword']]);
    return details?.[0]?.message;
  }
};

it.each([
  ['a phrase', 'correct horse battery staple'],
  ['15 characters, all of one kind', 'ouchizeequeight'],
  ['128 characters', 'wörter '.repeat(18) + 'xy'],
  ['15 characters beyond the basic plane', '🐎🔋📎🐄🎻🧭🌵🥁🎷🪐🧵🦉🏔🪁🎲'],
  ['with blanks at its ends', '  fourteen long '],
])('takes %s', (_, password) => expect(refusal(password)).toBeUndefined());

it.each([
  ['', /at least 15/],
  ['fourteen chars', /at least 15/],
  // Seven characters of two UTF-16 units each.
  ['🐎🔋📎🐄🎻🧭🌵', /at least 15/],
  ['x'.repeat(100) + 'y'.repeat(29), /at most 128/],
  ['1qaz2wsx3edc4rfv', /many people use/],
  ['passwordpassword', /many people use/],
  ['PASSWORDpassword', /many people use/],
  ['qwertyqwertyqwerty', /many people use/],
  ['aaaaaaaaaaaaaaaa', /many people use/],
  ['Josephine.Baker@Example.test', /address or your name/],
  ['JOSEPHINE.BAKER', /address or your name/],
  ['josephine anne baker', /address or your name/],
])('refuses %j', (password, message) => expect(refusal(password)).toMatch(message));

it('takes 8 characters beside a second factor, but no common ones', () => {
  const beside = { twoFactor: true };
  expect(refusal('ouchizee', beside)).toBeUndefined();
  expect(refusal('ouchize', beside)).toMatch(/at least 8/);
  expect(refusal('password', beside)).toMatch(/many people use/);
  expect(refusal('iloveyou', beside)).toMatch(/many people use/);
});
