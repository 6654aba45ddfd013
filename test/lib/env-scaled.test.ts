import { execSync } from 'node:child_process';
import { parseEnv } from '../../lib/env';
import { requireScaledEnv, SECRET_COMMAND } from '../../lib/env-scaled';

const complete = {
  DATABASE_URL: 'postgres://localhost/x',
  REDIS_URL: 'redis://localhost',
  JWT_SECRET: 'a',
  ENCRYPTION_KEYS: 'b',
};

describe('requireScaledEnv', () => {
  it('takes a complete environment', () => {
    expect(requireScaledEnv(parseEnv(complete))).toMatchObject({ DATABASE_URL: complete.DATABASE_URL });
  });

  it.each(Object.keys(complete))('names %s where it is missing', (name) => {
    expect(() => requireScaledEnv(parseEnv({ ...complete, [name]: '' }))).toThrow(`Set ${name} `);
  });

  it('needs to know what links begin with, and whom mails are from, where it sends them', () => {
    const sending = {
      ...complete,
      SMTP_URL: 'smtp://mail.test',
      MAIL_FROM: 'Liveboard <no-reply@mail.test>',
    };
    expect(() => requireScaledEnv(parseEnv(sending))).toThrow('Set PUBLIC_URL');
    const PUBLIC_URL = 'https://boards.test';
    expect(requireScaledEnv(parseEnv({ ...sending, PUBLIC_URL }))).toMatchObject({ PUBLIC_URL });
    expect(() => parseEnv({ ...sending, MAIL_FROM: '' })).toThrow('MAIL_FROM must say whom mails are from');
    expect(() => parseEnv({ ...sending, MAIL_FROM: 'a@b.test\r\nBcc: c@d.test' })).toThrow(
      'MAIL_FROM must be',
    );
    expect(() => parseEnv({ ...sending, SMTP_URL: 'https://mail.test' })).toThrow('SMTP_URL must be a URL');
  });

  it('gives a command that makes a secret', () => {
    expect(() => requireScaledEnv(parseEnv({}))).toThrow(SECRET_COMMAND);
    expect(execSync(SECRET_COMMAND, { encoding: 'utf8' }).trim()).toHaveLength(43);
  });
});
