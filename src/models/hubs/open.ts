import type {Dispatcher} from 'undici';
import {Secret} from '../../base/secret.ts';
import type {HubPlace} from '../model.ts';
import type {Home, Hub} from './hub.ts';
import {huggingFace} from './hugging-face.ts';
import {modelScope} from './modelscope.ts';

/** The hubs that speak each protocol, the best first. */
export type Hubs = Record<HubPlace['hub'], readonly Hub[]>;

const HUGGING_FACE = 'https://huggingface.co';
/** Has what Hugging Face has, and can be reached where that cannot. */
const HF_MIRROR = 'https://hf-mirror.com';
const MODELSCOPE = 'https://modelscope.cn';

/**
 * The hubs at their own addresses, or where `HF_ENDPOINT` and `MODELSCOPE_ENDPOINT` say. `BERTH_HF_MIRRORS`
 * names further mirrors of Hugging Face; they never get its token.
 */
export function openHubs(env: NodeJS.ProcessEnv, agent: Dispatcher): Hubs {
  const token = secretOf(env.HF_TOKEN);
  const {endpoint, others, modelscope} = addressesOf(env);
  return {
    huggingface: [
      huggingFace(endpoint, token, agent),
      ...others.map((mirror) => huggingFace(mirror, undefined, agent)),
    ],
    modelscope: [modelScope(modelscope, secretOf(env.MODELSCOPE_API_TOKEN), agent)],
  };
}

function addressesOf(env: NodeJS.ProcessEnv): {endpoint: string; others: string[]; modelscope: string} {
  const endpoint = given(env.HF_ENDPOINT) ?? HUGGING_FACE;
  const mirrors = env.BERTH_HF_MIRRORS ?? (env.HF_ENDPOINT ? '' : HF_MIRROR);
  const others = mirrors.split(/[\s,]+/).filter((mirror) => mirror !== '' && mirror !== endpoint);
  return {endpoint, others, modelscope: given(env.MODELSCOPE_ENDPOINT) ?? MODELSCOPE};
}

/** Where every hub of these settings is asked, in order of preference. */
export function hubAddresses(env: NodeJS.ProcessEnv): string[] {
  const {endpoint, others, modelscope} = addressesOf(env);
  return [endpoint, ...others, modelscope];
}

/** A variable that is set to nothing is not set. */
const given = (text: string | undefined): string | undefined => (text === '' ? undefined : text);

const secretOf = (text: string | undefined): Secret | undefined => (text ? new Secret(text) : undefined);

/** Everywhere that a repository may be had, in order of preference. */
export const homesOf = (hubs: Hubs, places: readonly HubPlace[]): Home[] =>
  places.flatMap((place) => hubs[place.hub].map((hub) => ({hub, place})));
