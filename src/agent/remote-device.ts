import type {Clock} from '../base/clock.ts';
import {seconds} from '../base/units.ts';
import {
  lookForCard,
  openNvidiaDevice,
  type CardFault,
  type Device,
  type DeviceFacts,
  type Run,
} from '../card/index.ts';
import type {Host} from '../hosts/index.ts';
import type {Agent} from './agent.ts';
import {cpuFacts} from './cpu-facts.ts';

const LIST = seconds(10);

/** What is known of the cards of a host before one of them is read. */
export interface CardsThere {
  /** A card answers, or one was asked for by name: whoever reads it says whether that is there. */
  wanted: boolean;
  /** Why none answers although one is expected. */
  fault?: CardFault;
}

/** Looks once, when it is first asked. `card`: in the words of `openDevice`. */
export function cardsThere(run: Run, card: string | undefined): () => Promise<CardsThere> {
  let looked: Promise<CardsThere> | undefined;
  const look = async (): Promise<CardsThere> => {
    if (card !== undefined) return {wanted: card !== 'cpu'};
    const {answers, ...why} = await lookForCard(run, LIST);
    return {wanted: answers, ...why};
  };
  // What fails is asked again.
  return () =>
    (looked ??= look().catch((error: unknown) => {
      looked = undefined;
      throw error;
    }));
}

export interface RemoteDeviceOptions {
  agent: Pick<Agent, 'ask'>;
  /** Runs programs on the host itself. */
  run: Run;
  clock: Clock;
  card: string | undefined;
  cards: () => Promise<CardsThere>;
}

/**
 * The device of another host. Its facts are asked of the host itself, which takes a moment; a reading names every
 * process, so that it is taken there, by an agent that sees them.
 */
export function remoteDevice({agent, run, clock, card, cards}: RemoteDeviceOptions): Device {
  const find = async (): Promise<DeviceFacts> => {
    const {wanted, fault} = await cards();
    if (wanted) return openNvidiaDevice({run, clock, ...(card !== undefined && {card})}).facts();
    const told = await run(['cat', '/proc/cpuinfo', '/proc/meminfo'], {deadline: LIST});
    const facts =
      (told.state === 'ended' ? cpuFacts(told.stdout) : undefined) ?? (await agent.ask('facts', {}));
    return fault ? {...facts, faults: [fault]} : facts;
  };
  let facts: Promise<DeviceFacts> | undefined;
  return {
    facts: () => (facts ??= find()),
    read: () => agent.ask('read', {}),
  };
}

/** Programs on a host, in the words of the card's readers. */
export const runOn =
  (host: Pick<Host, 'run'>): Run =>
  async (argv, {deadline, signal}) => {
    const late = AbortSignal.timeout(deadline);
    try {
      const ended = await host.run(argv, {signal: signal ? AbortSignal.any([signal, late]) : late});
      return ended.code === 127 ? {state: 'missing'} : {state: 'ended', ...ended};
    } catch (error) {
      signal?.throwIfAborted();
      if (late.aborted) return {state: 'late'};
      throw error;
    }
  };
