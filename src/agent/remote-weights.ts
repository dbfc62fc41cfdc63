import {BerthError, ExitCode} from '../base/errors.ts';
import {bytes} from '../base/units.ts';
import type {Variant, HostWeights} from '../models/index.ts';
import type {Agent} from './agent.ts';

/** Weights on another host, fetched there by an agent. */
export function remoteWeights(agent: Agent, host: string): HostWeights {
  const onHost = (variant: Variant): Variant => {
    if (variant.file.from !== 'path') return variant;
    const {path} = variant.file;
    throw new BerthError({
      code: 'weights_not_on_host',
      what: (t) => t.hosts.weightsNotOnHost({path, host}),
      try: ['berth models', `berth deploy --host ${host} --model nano`],
      exit: ExitCode.usage,
      details: {path, host},
    });
  };
  return {
    find: async (model, variant) => (await agent.ask('find', {model, variant: onHost(variant)})) ?? undefined,
    ensure: (model, variant, options) => agent.ask('ensure', {model, variant: onHost(variant)}, options),
    look: (model, variant) => agent.ask('look', {model, variant: onHost(variant)}),
    verify: async (model, variant, options) =>
      (await agent.ask('verify', {model, variant: onHost(variant)}, options)) ?? undefined,
    remove: async (model, variant) => bytes(await agent.ask('remove', {model, variant: onHost(variant)})),
    measure: (weights) => agent.ask('measure', weights),
    foresee: async (model, variant, signal) =>
      (await agent.ask('foresee', {model, variant: onHost(variant)}, {...(signal && {signal})})) ?? undefined,
    reachableHub: async (variant, deadline) =>
      (await agent.ask('reachableHub', {variant: onHost(variant), deadline})) ?? undefined,
  };
}
