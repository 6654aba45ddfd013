import type { Context } from 'koa';

/**
 * Whether a state-changing request comes from a page of ours, as the browser itself says it: `Sec-Fetch-Site`
 * where it is sent (https and localhost), else `Origin`. Every browser sends one of the two; without either the
 * answer is no.
 * @param publicUrl PUBLIC_URL; without it the host that was asked
 */
export function isSameOrigin(ctx: Context, publicUrl: string | undefined): boolean {
  const site = ctx.get('sec-fetch-site');
  if (site) return site === 'same-origin';
  const origin = ctx.get('origin');
  if (!URL.canParse(origin)) return false;
  return publicUrl ? origin === new URL(publicUrl).origin : new URL(origin).host === ctx.get('host');
}
