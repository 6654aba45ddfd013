import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { KoaAdapter } from '@bull-board/koa';
import type { Queue } from 'bullmq';
import type { Context, Middleware } from 'koa';
import { BOARD_PATH } from './path';

/**
 * Bull Board over these queues. Read-only is a property of its queues, not of a request, so there are two boards,
 * and who asks decides which one answers.
 */
function createBoard(queues: readonly Queue[], readOnlyMode: boolean): Middleware {
  const serverAdapter = new KoaAdapter().setBasePath(BOARD_PATH);
  createBullBoard({
    queues: queues.map((queue) => new BullMQAdapter(queue, { readOnlyMode })),
    serverAdapter,
    options: {
      uiConfig: {
        boardTitle: readOnlyMode ? 'Queues (read only)' : 'Queues',
        hideDocsLink: true,
        miscLinks: [{ text: 'Session and logout', url: `${BOARD_PATH}/session` }],
      },
    },
  });
  return serverAdapter.registerPlugin();
}

/** A middleware for those who may act, and one for those who may look. */
export function createBoards(queues: readonly Queue[]): { acting: Middleware; looking: Middleware } {
  return {
    acting: withOwnAssetsOnly(createBoard(queues, false)),
    looking: withOwnAssetsOnly(createBoard(queues, true)),
  };
}

/**
 * The page as it comes asks another company for its fonts and has styles in it, both of which the content
 * security policy refuses: left out, so that a refusal in the console means something.
 */
const withOwnAssetsOnly =
  (board: Middleware): Middleware =>
  async (ctx, next) => {
    await board(ctx, next);
    if (isPage(ctx)) {
      ctx.body = (ctx.body as string)
        .replace(/<link href="https:\/\/fonts\.googleapis\.com[^>]*>/, '')
        .replace(/<div id="root">[\s\S]*?<\/style>\s*<\/div>/, '<div id="root">Loading …</div>');
    }
  };

const isPage = (ctx: Pick<Context, 'body' | 'type'>): boolean =>
  ctx.type === 'text/html' && typeof ctx.body === 'string';
