import { linkTokenOf, readLinkToken } from '../../../domain/accounts/link-tokens';
import { composeMail } from '../../../domain/mail/compose';
import type { MailFacts } from '../../../domain/mail/read';
import { TEMPLATES } from '../../../domain/mail/templates';
import { publicUrlOf } from '../../../lib/public-url';

const HOSTILE = '</p><script>alert("1")</script>&\r\nBcc: all@evil.example';
const SUBJECT_ID = '019a7000-0000-7000-8000-0000000000a1';
const linking = { publicUrl: 'https://boards.test', secrets: ['newest', 'older'] };
const facts = (template: MailFacts['template']): MailFacts => ({
  id: SUBJECT_ID,
  template,
  recipient: 'ada@example.test',
  createdAt: new Date('2026-11-21T16:00:00Z'),
  subjectId: SUBJECT_ID,
  expiresAt: new Date('2026-11-21T16:10:00Z'),
  userName: HOSTILE,
  lockedUntil: new Date('2026-11-21T16:15:00Z'),
  businessName: HOSTILE,
  inviterName: HOSTILE,
  role: 'viewer',
  isWanted: true,
});
const TEMPLATE_NAMES = Object.keys(TEMPLATES) as MailFacts['template'][];

describe.each(TEMPLATE_NAMES)('the mail %s', (template) => {
  it('says why it comes, as text and as HTML, and escapes what people wrote', () => {
    const { subject, text, html } = composeMail(facts(template), linking);
    expect(subject).toMatch(/^[A-Z][\w -]+$/);
    expect(text).toContain('You get this mail because');
    expect(html).toContain('You get this mail because');
    expect(html).not.toContain('<script');
    expect(html).not.toMatch(/src=|<link|url\(/);
    for (const made of [text, html]) expect(made).not.toMatch(/undefined|null|NaN|\[object/);
  });

  it('says the same each time', () => {
    expect(composeMail(facts(template), linking)).toEqual(composeMail(facts(template), linking));
  });
});

it('links with a token of its own purpose, in the fragment', () => {
  const links = TEMPLATE_NAMES.flatMap((template) => {
    const [url] = /https:\S+/.exec(composeMail(facts(template), linking).text) ?? [];
    return url ? [url] : [];
  });
  expect(links).toEqual([
    `https://boards.test/account/verify-email#token=${linkTokenOf('verify_email', SUBJECT_ID, ['newest'])}`,
    `https://boards.test/account/reset-password#token=${linkTokenOf('reset_password', SUBJECT_ID, ['newest'])}`,
    `https://boards.test/account/accept-invitation#token=${linkTokenOf('invitation', SUBJECT_ID, ['newest'])}`,
  ]);
});

it('makes tokens that open one row for one purpose, also after a new secret', () => {
  const token = linkTokenOf('reset_password', SUBJECT_ID, ['older']);
  expect(readLinkToken('reset_password', token, linking.secrets)).toBe(SUBJECT_ID);
  expect(readLinkToken('verify_email', token, linking.secrets)).toBeUndefined();
  expect(readLinkToken('reset_password', token, ['newest'])).toBeUndefined();
  expect(readLinkToken('reset_password', token.replace('a1.', 'a2.'), linking.secrets)).toBeUndefined();
  expect(readLinkToken('reset_password', `${token}x`, linking.secrets)).toBeUndefined();
});

it.each([
  [{ PUBLIC_URL: undefined, PORT: 3461 }, 'http://localhost:3461'],
  [{ PUBLIC_URL: 'https://boards.test/app/', PORT: 3461 }, 'https://boards.test/app'],
])('is reached, with %j, at %s', (env, url) => {
  expect(publicUrlOf(env)).toBe(url);
});
