type Close = () => Promise<unknown> | void;

/** What was opened, to be closed in reverse order, whatever happens in between. */
export class Closing {
  private readonly steps: Close[] = [];

  add(close: Close): void {
    this.steps.push(close);
  }

  /** Each step runs once; one that fails does not keep the others from running. */
  async close(): Promise<void> {
    for (let step = this.steps.pop(); step; step = this.steps.pop()) {
      await Promise.resolve(step()).catch((error: unknown) => console.error(error));
    }
  }
}
