import Router from '@koa/router';
import type { Middleware } from 'koa';
import { acceptInvitationPage, resetPasswordPage, verifyEmailPage } from './account';
import { ACCOUNT_SCRIPT } from './account-script';
import { pageHeaders } from './headers';
import { STYLESHEET } from './shell';

const FILES = [
  { path: '/account/verify-email', type: 'html', content: verifyEmailPage },
  { path: '/account/reset-password', type: 'html', content: resetPasswordPage },
  { path: '/account/accept-invitation', type: 'html', content: acceptInvitationPage },
  { path: '/account/account.css', type: 'css', content: STYLESHEET },
  { path: '/account/account.js', type: 'js', content: ACCOUNT_SCRIPT },
];

/** The pages that links in mails lead to, for people whose front end has none of its own. */
export function accountPages(): Middleware {
  const router = new Router();
  for (const { path, type, content } of FILES) {
    router.get(path, pageHeaders, (ctx) => {
      ctx.type = type;
      ctx.body = content;
    });
  }
  return router.routes() as unknown as Middleware;
}
