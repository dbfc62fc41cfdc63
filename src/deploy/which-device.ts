import {BerthError, ExitCode} from '../base/errors.ts';
import {cardError, type Device} from '../card/index.ts';
import type {EngineName} from '../engines/index.ts';
import type {DeployedAs, RuntimeKind} from '../hosts/index.ts';
import type {Settings} from './config/settings.ts';

/**
 * Where an engine has the model, as far as its name tells: plain processes of Berth compute on the CPU, and so
 * does the embedded engine wherever it runs; vLLM needs a card. llama.cpp's server in a container has it on a
 * card where the host has one.
 */
export function deviceOf(engine: EngineName | undefined, runtime: RuntimeKind): 'cpu' | 'gpu' | undefined {
  if (runtime !== 'docker' || engine === 'embedded') return 'cpu';
  return engine === 'vllm' ? 'gpu' : undefined;
}

/**
 * The device that a deployment's memory is taken from under a runtime, in the words of `openDevice`: `cpu`, a card
 * by name, or undefined for the card that answers, else the CPU.
 */
export const deviceFor =
  ({card, engine}: Pick<Settings, 'card' | 'engine'>) =>
  (runtime: RuntimeKind): string | undefined =>
    deviceOf(engine, runtime) === 'cpu' ? 'cpu' : card;

/** The same for what is deployed already: it is where it was put, whatever would be chosen today. */
export const deviceOfDeployed =
  (settings: Pick<Settings, 'card' | 'engine'>) =>
  (runtime: RuntimeKind, present: DeployedAs | undefined): string | undefined => {
    if (!present) return deviceFor(settings)(runtime);
    return present.onCard ? settings.card : 'cpu';
  };

/** Throws when a card is asked for by name and nothing would use it. */
export function checkCardIsUsed(
  {card, engine}: Pick<Settings, 'card' | 'engine'>,
  runtime: RuntimeKind,
): void {
  if (card === undefined || card === 'cpu' || deviceOf(engine, runtime) !== 'cpu') return;
  throw new BerthError({
    code: 'card_not_used',
    what: (t) => t.deploy.cardNotUsed({card, engine: engine ?? 'embedded', runtime}),
    try: ['berth deploy --card cpu', `berth capacity --card ${card}`],
    exit: ExitCode.usage,
    details: {card, engine, runtime},
  });
}

/**
 * Throws when a card is expected and has failed: a model that was meant for it must not land on the CPU without
 * a word.
 */
export async function checkCardWorks(device: Device): Promise<void> {
  const [fault] = (await device.facts()).faults ?? [];
  if (fault) throw cardError({...fault, try: [...fault.try, 'berth deploy --card cpu']});
}
