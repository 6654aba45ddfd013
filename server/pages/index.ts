import type { Middleware } from 'koa';
import { acceptInvitationPage, resetPasswordPage, verifyEmailPage } from './account';
import { ACCOUNT_SCRIPT } from './account-script';
import { pageHeaders } from './headers';
import { STYLESHEET } from './shell';

const FILES = new Map([
  ['/account/verify-email', { type: 'html', content: verifyEmailPage }],
  ['/account/reset-password', { type: 'html', content: resetPasswordPage }],
  ['/account/accept-invitation', { type: 'html', content: acceptInvitationPage }],
  ['/account/account.css', { type: 'css', content: STYLESHEET }],
  ['/account/account.js', { type: 'js', content: ACCOUNT_SCRIPT }],
]);

/** The pages that links in mails lead to, for people whose front end has none of its own. */
export const accountPages: Middleware = async (ctx, next) => {
  const file = FILES.get(ctx.path);
  if (!file || (ctx.method !== 'GET' && ctx.method !== 'HEAD')) return next();
  // In the metrics a route of its own.
  ctx._matchedRoute = ctx.path;
  await pageHeaders(ctx, async () => {
    ctx.type = file.type;
    ctx.body = file.content;
  });
};
