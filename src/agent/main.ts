/**
 * Berth's hands on a host that has nothing but Docker: a program in a short-lived container that reads the device
 * or keeps weights there, asked over its input. It ends with its input.
 */
import {hearJsonLines} from '../base/json-lines.ts';
import {systemClock} from '../base/clock.ts';
import type {Progress} from '../base/progress.ts';
import {inEveryLanguage} from '../base/texts/index.ts';
import {
  AGENT_SILENCE_MS,
  parseLine,
  PROTOCOL,
  toWire,
  type Answer,
  type CallName,
  type Calls,
  type Purpose,
  type Question,
} from './wire.ts';

type Ask<Name extends CallName> = (
  input: Calls[Name]['input'],
  progress: Progress,
) => Promise<Calls[Name]['answer']>;
type Handlers = {[Name in CallName]?: Ask<Name>};

const clock = systemClock;
const leave = (): void => process.exit(0);
// A cut cable closes no input: a client that is not heard is gone, and its work with it.
const silence = setTimeout(leave, AGENT_SILENCE_MS);
let handlers: Handlers = {
  hello: async (purpose) => {
    handlers = await handlersFor(purpose);
    return {protocol: PROTOCOL};
  },
};

const write = (answer: Answer): void => void process.stdout.write(`${JSON.stringify(answer)}\n`);

// The client's beats are empty lines: they say that it is there, and nothing else.
process.stdin.on('data', () => silence.refresh());
void hearJsonLines(process.stdin, (question) => void answer(question as Question), parseLine).then(leave);
process.stdout.on('error', leave);

async function answer({id, call, input}: Question): Promise<void> {
  try {
    const ask = handlers[call] as Ask<CallName> | undefined;
    if (!ask) throw new Error(`this agent is not for ${call}`);
    const result = await ask(input, ({say, ...event}) =>
      write({id, progress: {...event, said: inEveryLanguage(say)}}),
    );
    write({id, result});
  } catch (error) {
    write({id, error: toWire(error)});
  }
}

/** Loads only what the purpose takes: somebody waits for the agent to start. */
async function handlersFor(purpose: Purpose): Promise<Handlers> {
  switch (purpose.purpose) {
    case 'device': {
      const {localRun, openDevice} = await import('../card/index.ts');
      const device = openDevice({clock, run: localRun(), card: purpose.card});
      return {facts: () => device.facts(), read: () => device.read()};
    }
    case 'weights': {
      const {openWeightsStore} = await import('../models/index.ts');
      const {folder, env} = purpose;
      const store = openWeightsStore({folder, env: {...process.env, ...env}, clock});
      return {
        find: async ({model, variant}) => (await store.find(model, variant)) ?? null,
        ensure: ({model, variant}, progress) => store.ensure(model, variant, {progress}),
        look: ({model, variant}) => store.look(model, variant),
        verify: async ({model, variant}, progress) =>
          (await store.verify(model, variant, {progress})) ?? null,
        remove: ({model, variant}) => store.remove(model, variant),
        measure: (weights) => store.measure(weights),
        foresee: async ({model, variant}) => (await store.foresee(model, variant)) ?? null,
        reachableHub: async ({variant, deadline}) => (await store.reachableHub(variant, deadline)) ?? null,
      };
    }
  }
}
