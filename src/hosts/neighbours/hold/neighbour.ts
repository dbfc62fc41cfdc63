import type {ProcessIdentity} from '../../local/processes.ts';

/** Who something is done to: all processes of a neighbour, or its container. */
export type NeighbourTarget =
  | {kind: 'processes'; processes: readonly ProcessIdentity[]}
  /** 64 hex digits: such an id is never given twice. */
  | {kind: 'container'; id: string};

export type NeighbourAction = 'lower' | 'pause' | 'stop';

/**
 * What is done to a neighbour, and how it was before. Plain JSON, written down before anything is done: whoever finds
 * it later can do it again, or undo it, as often as they like.
 */
export type Hold = ProcessHold | ContainerHold;

export interface ProcessHold {
  kind: 'processes';
  action: NeighbourAction;
  processes: readonly HeldProcess[];
  /** CPU weights of control groups that hold nobody else. */
  weights: readonly HeldWeight[];
  /** Sessions that the kernel shares the CPU out to, and that hold nobody else. */
  autogroups: readonly HeldAutogroup[];
}

export interface HeldProcess extends ProcessIdentity {
  /** -20 to 19. */
  nice: number;
}

export interface HeldAutogroup {
  /** Its name, as `/autogroup-123`. */
  group: string;
  /** -20 to 19. */
  nice: number;
}

export interface HeldWeight {
  /** Absolute path of the file. */
  path: string;
  /** What was in it. */
  before: string;
}

export interface ContainerHold {
  kind: 'container';
  action: NeighbourAction;
  id: string;
  /** As Docker tells them; zero is "not set". */
  cpu: {shares: number; nanoCpus: number; period: number; quota: number};
}

/** Why something cannot be done to a neighbour: in an event, for the log. */
export class CannotHold extends Error {
  override readonly name = 'CannotHold';
}
