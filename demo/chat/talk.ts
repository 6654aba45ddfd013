import type { PresentedConversation, PresentedRun } from '../../domain/presenters/conversation';
import { ReplyText } from '../../realtime/reply-text';
import type { Api } from '../watch/api';
import type { Session } from '../watch/session';
import { isFinal, replyEvents } from './reply-events';
import type { Terminal } from './terminal';
import { describeCalls, ending, summary, type Allowance } from './wording';

export interface TalkParts {
  url: string;
  api: Api;
  session: Session;
  terminal: Terminal;
  agentId: string;
}

/** One conversation with one agent. */
export class Talk {
  private conversationId: string | undefined;
  private runId: string | undefined;
  private readonly leaving = new AbortController();

  constructor(private readonly parts: TalkParts) {}

  /**
   * Asks, shows the answer as it is written, and asks the person back where the agent wants to change something.
   * @returns the run as it ended; undefined where the person left before
   * @throws ApiError where the question is refused
   */
  async ask(message: string): Promise<PresentedRun | undefined> {
    const { terminal, agentId } = this.parts;
    const { conversation, run } = await this.send<{ conversation: PresentedConversation; run: PresentedRun }>(
      `/agents/${agentId}/chat`,
      { message, ...(this.conversationId && { conversationId: this.conversationId }) },
    );
    this.conversationId = conversation.id;
    this.runId = run.id;
    terminal.onInterrupt(() => void this.stop());
    try {
      const ended = await this.follow(run.id);
      if (ended) await this.conclude(ended);
      return ended;
    } finally {
      terminal.onInterrupt(undefined);
      this.runId = undefined;
    }
  }

  /** Stops the answer that is being written; its end is shown when it comes. A second time: leaves it at that. */
  async stop(): Promise<void> {
    const { terminal } = this.parts;
    const { runId } = this;
    if (!runId) return;
    terminal.onInterrupt(() => this.leave());
    terminal.note('stopping …');
    await this.send(`/runs/${runId}/cancel`, {}).catch((error: unknown) =>
      terminal.note(`It could not be stopped: ${(error as Error).message}`, 'red'),
    );
  }

  /** Reads no further. */
  leave(): void {
    this.leaving.abort();
  }

  private async follow(runId: string): Promise<PresentedRun | undefined> {
    const { url, session, terminal } = this.parts;
    const reply = new ReplyText();
    const shown = { text: 0, calls: new Set<string>() };
    const source = {
      url,
      accessToken: () => session.accessToken(),
      onBroken: (problem: string) => terminal.note(`connection lost (${problem}), reading on …`, 'red'),
      signal: this.leaving.signal,
    };
    for await (const { name, data } of replyEvents(source, runId)) {
      if (name === 'message.delta') {
        reply.add(data);
      } else if (name === 'message.completed') {
        // Its pieces have said all of it, unless some were missed.
        reply.take(data.content, reply.epoch);
      } else {
        if (data.epoch > reply.epoch && shown.text > 0) {
          terminal.note('A worker was lost, and another one begins this answer anew.', 'yellow');
          shown.text = 0;
        }
        reply.begin(data.epoch);
        this.showCalls(data, shown.calls);
        if (data.status === 'waiting') await this.confirm(data);
        if (isFinal(data)) return data;
      }
      terminal.write(reply.text.slice(shown.text));
      shown.text = reply.text.length;
    }
    return undefined;
  }

  private showCalls({ toolCalls }: PresentedRun, shown: Set<string>): void {
    const news = toolCalls.filter(({ id }) => !shown.has(id));
    for (const { id } of news) shown.add(id);
    for (const words of describeCalls(news)) this.parts.terminal.note(`· ${words}`, 'cyan');
  }

  /** Only a clear yes is one. */
  private async confirm({ id, confirmations }: PresentedRun): Promise<void> {
    const { terminal } = this.parts;
    for (const { toolCallId, tool, summary: wanted } of confirmations) {
      const said = await terminal.ask(`${wanted ?? `Use ${tool}?`} Do it? (y/n) `);
      if (said === undefined) return this.stop();
      const approve = /^y(es)?$/i.test(said.trim());
      try {
        await this.send(`/runs/${id}/confirm`, { toolCallId, approve });
        terminal.note(approve ? '· allowed' : '· declined', approve ? 'green' : 'yellow');
      } catch (error) {
        terminal.note((error as Error).message, 'red');
      }
    }
  }

  private async conclude(run: PresentedRun): Promise<void> {
    const { api, session, terminal } = this.parts;
    const how = ending(run);
    if (how) terminal.note(how, run.status === 'failed' ? 'red' : 'yellow');
    const allowances = await api
      .one<Allowance[]>('/rate-limit', await session.accessToken())
      .catch((): Allowance[] => []);
    terminal.note(`${summary(run, allowances)}\n`);
  }

  private async send<Data>(path: string, body: object): Promise<Data> {
    return this.parts.api.send<Data>(path, body, await this.parts.session.accessToken());
  }
}
