import type { Section } from '../harness/section';
import type { Servers } from '../parts/servers';

export interface Bench {
  servers: Servers;
  rounds: number;
  /** Shows a section as soon as it is measured. */
  show(section: Section): void;
}

/** One entry of `npm run bench -- <name>`. */
export type Measurement = (bench: Bench) => Promise<void>;
