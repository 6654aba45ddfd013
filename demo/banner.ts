import { OPERATOR, PEOPLE } from './people';

interface BannerOptions {
  /** As a person opens it in a browser. */
  url: string;
  password: string;
  /** No provider of language models has a key. */
  isSandbox: boolean;
  /** The page that shows mails to this machine alone; undefined where they are sent. */
  mailboxUrl: string | undefined;
}

/** What a start with the demo prints: where everything is, and who can log in. */
export function banner({ url, password, isSandbox, mailboxUrl }: BannerOptions): string[] {
  return [
    '',
    `  Liveboard is running at ${url}`,
    '',
    ...table([
      ['API', `${url}/api/v1`],
      ['API reference', `${url}/docs`],
      ['Realtime', `${url}/docs/realtime`],
      ['Health', `${url}/health`],
      ['Queues', `${url}/admin/queues (${OPERATOR.email})`],
      ...(mailboxUrl ? [['Mailbox', `${mailboxUrl} (without SMTP_URL mails are kept there)`] as const] : []),
    ]),
    ...logins(password),
    '  See it live in another terminal: npm run watch',
    '  Ask an agent from there: npm run chat, or npm run chat -- "How are orders today?"',
    ...(isSandbox
      ? [
          '  No provider has a key, so agents answer from a built-in sandbox, which is no language model.',
          '  For one, set OPENAI_API_KEY or ANTHROPIC_API_KEY.',
        ]
      : []),
    '',
  ];
}

/** Who can log in to the demo, and how. */
export function logins(password: string): string[] {
  return [
    '',
    `  Log in to the Demo Store, a simulated shop. The password of all: ${password}`,
    '',
    ...table(PEOPLE.map(({ email, name, role }) => [email, `${role ?? 'operator'}, ${name}`])),
    '',
  ];
}

function table(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([label]) => label.length));
  return rows.map(([label, text]) => `    ${label.padEnd(width)}  ${text}`);
}
