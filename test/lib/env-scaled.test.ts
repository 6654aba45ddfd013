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

  it('gives a command that makes a secret', () => {
    expect(() => requireScaledEnv(parseEnv({}))).toThrow(SECRET_COMMAND);
    expect(execSync(SECRET_COMMAND, { encoding: 'utf8' }).trim()).toHaveLength(43);
  });
});
