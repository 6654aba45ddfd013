import { createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { parseEnv } from '../../../lib/env';
import { createMailer } from '../../../workers/mail/mailer';
import { startSmtp, type TestSmtp } from '../../support/smtp';

const LETTER = {
  id: '019a7000-0000-7000-8000-0000000000a1',
  recipient: 'ada@example.test',
  createdAt: new Date(),
  subject: 'A subject',
  text: 'A text',
  html: '<p>A text</p>',
};
/** One try with such an SMTP_URL. */
function send(url: string, letter: Partial<typeof LETTER> = {}, signal = new AbortController().signal) {
  const mailer = createMailer(parseEnv({ SMTP_URL: url, MAIL_FROM: 'no-reply@example.test' }));
  if (mailer.kind !== 'smtp') throw new Error('It does not send.');
  return mailer.send({ ...LETTER, ...letter }, signal);
}
const withPassword = (url: string, options = '') =>
  `${url.replace('//', '//platform:planted-9b1c@')}${options}`;

describe('a server that wants a password', () => {
  let smtp: TestSmtp;
  beforeAll(async () => {
    smtp = await startSmtp({ wantsPassword: true });
  });
  afterAll(() => smtp.close());

  it('gets none over an open wire', async () => {
    const failure = await send(withPassword(smtp.url));
    expect(failure).toMatchObject({ isPermanent: false });
    expect(smtp.passwords).toEqual([]);
  });

  it('that refuses it is no reason to give up a mail: the operator has to mend that', async () => {
    const failure = await send(withPassword(smtp.url, '/?requireTLS=false'));
    expect(smtp.passwords).toEqual(['planted-9b1c']);
    expect(failure).toEqual({
      reason: 'The mail server answered 535 5.7.8 to AUTH PLAIN.',
      isPermanent: false,
    });
    expect(await send(smtp.url)).toEqual({
      reason: 'The mail server answered 530 to MAIL FROM.',
      isPermanent: false,
    });
  });
});

describe('a server that takes anybody’s', () => {
  let smtp: TestSmtp;
  beforeAll(async () => {
    smtp = await startSmtp();
  });
  afterAll(() => smtp.close());

  it.each([
    'ada@example.test, eve@evil.example',
    'Ada <eve@evil.example>',
    'a@b.test\r\nBcc: eve@evil.example',
  ])('gets a mail to %j for one recipient or for none', async (recipient) => {
    await send(smtp.url, { recipient });
    for (const { to } of smtp.received) expect(to).not.toContain('eve@evil.example');
  });

  it('gets no header from what a person wrote', async () => {
    await send(smtp.url, { subject: 'Hello\r\nBcc: eve@evil.example' });
    const [mail] = smtp.received.slice(-1);
    expect(mail?.to).toEqual(['ada@example.test']);
    expect(mail?.text).not.toMatch(/^Bcc:/m);
  });
});

describe('a server that does not answer', () => {
  let silent: Server;
  const sockets: Socket[] = [];
  beforeAll(async () => {
    silent = createServer((socket) => sockets.push(socket));
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => {
    for (const socket of sockets) socket.destroy();
    silent.close();
  });

  it('is let go when the worker stops', async () => {
    const stopping = new AbortController();
    const { port } = silent.address() as AddressInfo;
    const connected = new Promise((resolve) => {
      silent.once('connection', resolve);
    });
    const sending = send(`smtp://127.0.0.1:${port}`, {}, stopping.signal);
    await connected;
    stopping.abort();
    expect(await sending).toMatchObject({ isPermanent: false });
  });

  it('is tried again, as is one that is not there', async () => {
    expect(await send('smtp://127.0.0.1:1')).toEqual({
      reason: 'The mail server could not be used (ESOCKET, ECONNREFUSED).',
      isPermanent: false,
    });
  });
});
