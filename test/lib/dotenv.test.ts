import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadDotenv, parseDotenv } from '../../lib/dotenv';
import { StartupError } from '../../lib/errors';
import { temporaryDirectory } from '../support/temporary';

const parse = (text: string) => parseDotenv(text, '.env');

describe('parseDotenv', () => {
  it.each([
    ['A=1', '1'],
    ['A = spaced out ', 'spaced out'],
    ['export A=1', '1'],
    ['A=', ''],
    ['A=1 # a comment', '1'],
    ['A=a#b', 'a#b'],
    ['A=x=y', 'x=y'],
    ['A="a # b"  # c', 'a # b'],
    ['A="line\\nbreak \\"q\\""', 'line\nbreak "q"'],
    ["A='a \\n # b'", 'a \\n # b'],
    ['A=1\r', '1'],
    ['# first\n\nA=1', '1'],
  ])('reads %j', (text, value) => {
    expect(parse(text)).toEqual({ A: value });
  });

  it.each([
    'secret',
    'A="secret',
    "A='secret",
    'A="secret" more',
    '1A=secret',
    'A B=secret',
    '=secret',
    'JWT_SEC',
  ])('refuses %j with its line number and without its content', (line) => {
    const refused = () => parse(`OK=1\n\n${line}\n`);
    expect(refused).toThrow(StartupError);
    expect(refused).toThrow('.env, line 3,');
    expect(refused).not.toThrow(/secret|JWT/);
  });
});

describe('loadDotenv', () => {
  it('leaves alone what the environment has set, and a missing file', () => {
    const directory = temporaryDirectory();
    const path = join(directory, '.env');
    const target: NodeJS.ProcessEnv = { A: 'theirs' };
    loadDotenv(path, target);
    expect(target).toEqual({ A: 'theirs' });
    writeFileSync(path, 'A=ours\nB=2\n');
    loadDotenv(path, target);
    expect(target).toEqual({ A: 'theirs', B: '2' });
    rmSync(directory, { recursive: true });
  });
});
