import ipaddr from 'ipaddr.js';
import type { Context, Middleware } from 'koa';
import { composeMail } from '../../domain/mail/compose';
import { keptMails, type MailFacts } from '../../domain/mail/read';
import { escapeHtml } from '../../lib/html';
import { publicUrlOf } from '../../lib/public-url';
import type { ServerContext } from '../context';
import { pageHeaders } from './headers';
import { htmlPage, STYLESHEET } from './shell';

export const MAILBOX_PATH = '/dev/mailbox';
/** Mails on the page, the newest. */
const SHOWN = 50;
const LOCAL_NAMES = new Set(['localhost', '127.0.0.1', '[::1]']);

/**
 * The mails that were not sent because there is no SMTP_URL, for whoever develops on this machine. Their links are
 * made from the rows each time, so none is stored.
 *
 * Who reads a reset link has the account. So it answers this machine alone: the connection comes from it, through no
 * proxy, and asks for it by a local name (another site's name that leads here would be that site's to read). Not
 * operators either: they run the platform, and are nobody in its businesses. To all others there is no such page.
 */
export function devMailbox({ db, env }: Pick<ServerContext, 'db' | 'env'>): Middleware {
  const isOpen = env.DEV_MAILBOX && !env.SMTP_URL;
  const linking = { publicUrl: publicUrlOf(env), secrets: env.JWT_SECRET };
  return async (ctx, next) => {
    const isOurs = ctx.path === MAILBOX_PATH || ctx.path === `${MAILBOX_PATH}.css`;
    if (!isOpen || !isOurs || ctx.method !== 'GET' || !isLocal(ctx)) return next();
    ctx._matchedRoute = MAILBOX_PATH;
    await pageHeaders(ctx, async () => {
      if (ctx.path !== MAILBOX_PATH) {
        ctx.type = 'css';
        ctx.body = STYLESHEET;
        return;
      }
      const mails = await keptMails(db, SHOWN);
      ctx.type = 'html';
      ctx.body = htmlPage({
        title: 'Mailbox of this machine',
        content: contentOf(mails.map((facts) => mailOf(facts, linking))),
        stylesheet: `${MAILBOX_PATH}.css`,
      });
    });
  };
}

function isLocal(ctx: Context): boolean {
  const address = ctx.req.socket.remoteAddress ?? '';
  const isProxied = ctx.get('x-forwarded-for') !== '' || ctx.get('forwarded') !== '';
  const name = ctx.get('host').replace(/:\d+$/, '');
  return (
    !isProxied &&
    LOCAL_NAMES.has(name) &&
    ipaddr.isValid(address) &&
    ipaddr.process(address).range() === 'loopback'
  );
}

const contentOf = (mails: readonly string[]): string =>
  `<p>Without SMTP_URL mails are kept here instead of sent. Reload the page to see newer ones.</p>
${mails.length > 0 ? mails.join('\n') : '<p>There is none yet.</p>'}`;

function mailOf(facts: MailFacts, linking: Parameters<typeof composeMail>[1]): string {
  const { subject, text } = composeMail(facts, linking);
  const base = escapeHtml(linking.publicUrl);
  const linked = escapeHtml(text).replace(/https?:\/\/\S+/g, (url) =>
    url.startsWith(`${base}/`) ? `<a href="${url}">${url}</a>` : url,
  );
  return `<article>
<h2>${escapeHtml(subject)}</h2>
<p class="hint">To ${escapeHtml(facts.recipient)}, ${facts.createdAt.toISOString().replace('T', ' ').slice(0, 19)} UTC</p>
<pre>${linked}</pre>
</article>`;
}
