import type { z } from 'zod';
import { presentConversation, presentMessage, presentRun } from '../../domain/presenters/conversation';
import { createRun, type CreatedRun, type NewRun } from '../../domain/runs/create';
import type { Delivery } from '../../domain/runs/delivery';
import type { ServerContext } from '../context';
import { idempotentStatements } from '../http/idempotent';
import type { Reply, Request } from '../http/route';
import { announceChat } from './announce';
import type { chatSchema } from './schemas';

export type Chat = z.infer<typeof chatSchema>;

/**
 * Takes a message: counts it, writes it with its run in one transaction, and only then enqueues and announces. Under
 * one Idempotency-Key it happens once, and counts once.
 * @throws HttpError 404, 409 (domain/runs/create), 422 (the key's other body), 429 (chat limits)
 */
export async function startChat(
  context: ServerContext,
  request: Request<unknown, unknown, unknown>,
  input: Omit<NewRun, 'requestId'>,
): Promise<Reply<Chat> & { data: Chat }> {
  const { actor, requestId } = request;
  let created: CreatedRun | undefined;
  return idempotentStatements(
    context,
    request,
    async (tx) => {
      const allowed = context.chatLimit.consume(actor, tx);
      const isCounted = allowed.then(
        () => true,
        () => false,
      );
      created = await createRun(tx, actor, { ...input, requestId }, allowed).catch(async (error: unknown) => {
        if (await isCounted) await context.chatLimit.giveBack(actor);
        throw error;
      });
      const { conversation, message, run, reply } = created;
      return {
        status: 202,
        data: {
          conversation: presentConversation(conversation),
          message: presentMessage(message),
          run: presentRun(run),
          reply: presentMessage(reply),
        },
        headers: { Location: `/api/v1/runs/${run.id}` },
      };
    },
    // Before it may call a provider the run is on the disk, too: a hold waits for it (domain/money).
    () => created?.deliveries.forEach((delivery) => deliver(context, delivery)),
    () => {
      if (!created) return;
      const { conversation, message, reply, run, declined } = created;
      if (declined) announceChat(context, actor, requestId, { run: declined });
      announceChat(context, actor, requestId, { conversation, created: [message, reply], run });
    },
  );
}

/** Hands a run to the workers. What the broker does not take, a sweep finds (domain/runs/recover). */
export function deliver({ jobs, logger }: ServerContext, delivery: Delivery): void {
  jobs.enqueue('agent-run', delivery).catch((error: unknown) => {
    logger.warn(
      { err: error, runId: delivery.runId, requestId: delivery.requestId },
      'the broker did not take a run, a sweep will',
    );
  });
}
