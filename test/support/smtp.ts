import type { AddressInfo, Socket } from 'node:net';
import { SMTPServer, type SMTPServerSession } from 'smtp-server';
import { eventually } from './eventually';

/** What the server does with the next mail, once. */
export type Fault =
  /** Answers this code instead of taking the recipient, or the mail. */
  | { code: number; at: 'recipient' | 'data' }
  /** Hangs up in the middle of the mail. */
  | 'cut'
  /** Reads the mail and says nothing until it is released. */
  | 'hang'
  /** Takes the mail and says so to nobody: the connection is gone. */
  | 'swallow';

export interface ReceivedMail {
  to: string[];
  from: string;
  messageId: string;
  subject: string;
  /** Headers and both bodies, decoded. */
  text: string;
  /** What is behind `#token=` in its link; empty where it has none. */
  token: string;
}

export interface TestSmtp {
  url: string;
  /** What it took, in order. */
  received: ReceivedMail[];
  /** Passwords that it was sent, each of which it refused. */
  passwords: string[];
  /** Mails that it keeps waiting for their answer, while their sender is there. */
  hanging(): number;
  /** Takes the mails that it kept waiting. */
  release(): void;
  next(...faults: Fault[]): void;
  /** The `count`th mail to this address; the first where not given. */
  mailTo(address: string, count?: number): Promise<ReceivedMail>;
  close(): Promise<void>;
}

const QUOTED = /=([0-9A-F]{2})/g;

/** Bodies of ours come as they are or quoted-printable, whose lines end in `=` where they go on. */
function decode(raw: Buffer): string {
  const text = raw.toString('latin1');
  if (!/quoted-printable/.test(text)) return text;
  const bytes = text
    .replace(/=\r\n/g, '')
    .replace(QUOTED, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

function received(raw: Buffer, session: SMTPServerSession): ReceivedMail {
  const text = decode(raw);
  const header = (name: string) => new RegExp(`^${name}: (.*)$`, 'im').exec(text)?.[1]?.trim() ?? '';
  const { mailFrom, rcptTo } = session.envelope;
  return {
    to: rcptTo.map(({ address }) => address),
    from: mailFrom ? mailFrom.address : '',
    messageId: header('Message-ID'),
    subject: header('Subject'),
    text,
    token: /#token=([\w.-]+)/.exec(text)?.[1] ?? '',
  };
}

/**
 * A real SMTP server on a socket of this machine.
 * @param options wantsPassword: it asks for one, over the open wire
 */
export async function startSmtp({ wantsPassword = false } = {}): Promise<TestSmtp> {
  const mails: ReceivedMail[] = [];
  const faults: Fault[] = [];
  const passwords: TestSmtp['passwords'] = [];
  const sockets = new Map<string, Socket>();
  const kept = new Map<string, () => void>();
  const isNext = (test: (fault: Fault) => boolean) => faults[0] !== undefined && test(faults[0]);
  const refusal = (at: 'recipient' | 'data'): Error | undefined => {
    if (!isNext((fault) => typeof fault === 'object' && fault.at === at)) return undefined;
    const { code } = faults.shift() as { code: number };
    return Object.assign(new Error(`${code >= 500 ? '5.1.1' : '4.3.2'} not for <somebody@secret.test>`), {
      responseCode: code,
    });
  };
  const server = new SMTPServer({
    authOptional: !wantsPassword,
    allowInsecureAuth: true,
    disabledCommands: wantsPassword ? ['STARTTLS'] : ['STARTTLS', 'AUTH'],
    onAuth({ password }, _session, done) {
      passwords.push(password ?? '');
      done(null, { message: '5.7.8 nobody is let in' });
    },
    closeTimeout: 100,
    onConnect(session, done) {
      const connection = [...server.connections].find((one) => (one as { id: string }).id === session.id);
      sockets.set(session.id, (connection as unknown as { _socket: Socket })._socket);
      done();
    },
    onClose(session) {
      sockets.delete(session.id);
      kept.delete(session.id);
    },
    onRcptTo: (_address, _session, done) => done(refusal('recipient')),
    onData(stream, session, done) {
      if (isNext((fault) => fault === 'cut')) {
        faults.shift();
        stream.resume();
        stream.once('end', () => undefined);
        sockets.get(session.id)?.destroy();
        return;
      }
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.once('end', () => {
        const take = () => mails.push(received(Buffer.concat(chunks), session));
        const refused = refusal('data');
        if (refused) return done(refused);
        const fault = isNext((one) => one === 'hang' || one === 'swallow') ? faults.shift() : undefined;
        if (fault === 'hang') {
          kept.set(session.id, () => {
            take();
            done();
          });
          return;
        }
        take();
        if (fault === 'swallow') return void sockets.get(session.id)?.destroy();
        done();
      });
    },
  });
  server.on('error', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.server.address() as AddressInfo;
  return {
    url: `smtp://127.0.0.1:${port}`,
    received: mails,
    passwords,
    hanging: () => kept.size,
    release() {
      for (const take of kept.values()) take();
      kept.clear();
    },
    next: (...more) => void faults.push(...more),
    mailTo: (address, count = 1) =>
      eventually(
        `mail ${count} to ${address}`,
        () => mails.filter(({ to }) => to.includes(address))[count - 1],
      ),
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets.values()) socket.destroy();
        server.close(() => resolve());
      }),
  };
}
