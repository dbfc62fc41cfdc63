import {z} from 'zod';
import {quantity} from '../../base/quantity.ts';
import {parseBytes, parseDuration, seconds, type Bytes, type Duration} from '../../base/units.ts';
import {guardPolicySchema} from '../../capacity/index.ts';
import {gatewayConfigSchema} from '../../gateway/index.ts';
import {profileSchema} from '../planning/profiles.ts';
import {alertSettingsSchema} from './alerts.ts';
import {objectivesSchema} from './objectives.ts';
import {ownModelsSchema} from './own-models.ts';

/** Names that are safe as a folder, a container name and a DNS label. */
const DEPLOYMENT_NAME = /^[a-z0-9][a-z0-9-]{0,38}$/;

/** What people type for the model when they have no wish of their own. */
const DEFAULT_MODEL = 'qwen3-4b-instruct-2507';

const baseName = z.string().min(1).exactOptional();

/** Where serving images come from, when it is not what their recipes say (docs/images.md). */
const imagesSchema = z.strictObject({
  /** What each is built from, by its name; one that is asked for here must be the base, whatever is there. */
  base: z.strictObject({berth: baseName, 'llama-cpp': baseName, vllm: baseName}).default({}),
  /** Bases are pulled from a mirror with this prefix. */
  registryPrefix: z.string().min(1).exactOptional(),
  /** CUDA version of the engines' bases. */
  cuda: z
    .preprocess((given) => (typeof given === 'number' ? String(given) : given), z.enum(['12', '13']))
    .exactOptional(),
});

/**
 * Everything a person can wish for a deployment: berth.yaml and the flags of `berth deploy`.
 * What is left out is decided by the plan, from what the device offers.
 */
export const settingsSchema = z.strictObject({
  deployment: z.string().regex(DEPLOYMENT_NAME).default('default'),
  host: z.string().min(1).default('local'),
  /** What was deployed there before when left out; else `docker` on a remote host, `process` on this machine. */
  runtime: z.enum(['process', 'docker']).exactOptional(),
  model: z.string().min(1).default(DEFAULT_MODEL),
  /** A quantisation of the model, such as `Q4_K_M`. */
  variant: z.string().min(1).exactOptional(),
  engine: z.enum(['embedded', 'llama-cpp', 'vllm']).exactOptional(),
  /** On a card: what matters most. It fills in engine, variant and what follows, where these are left out. */
  profile: profileSchema.default('headroom'),
  /** Tokens one request may use, prompt and answer together. */
  context: z.int().min(256).max(1_048_576).exactOptional(),
  /** Requests answered at the same time, each with its own context. */
  concurrency: z.int().min(1).max(64).exactOptional(),
  /** Element type of the KV cache. */
  kv: z.enum(['f16', 'q8_0', 'q4_0']).exactOptional(),
  /** Where the model's memory is: `cpu`, or a card by its index or UUID. */
  card: z
    .preprocess((given) => (typeof given === 'number' ? String(given) : given), z.string().min(1))
    .exactOptional(),
  /** CPU threads of the engine. */
  threads: z.int().min(1).max(1024).exactOptional(),
  /** The bytes that the model may use at its peak. */
  budget: quantity<Bytes>(parseBytes, '12GiB', 1).exactOptional(),
  /** Models of the user's own, beside those of the catalogue. */
  models: ownModelsSchema.default({}),
  /** For the docker runtime: where its images come from. */
  images: imagesSchema.prefault({}),
  gateway: gatewayConfigSchema.prefault({}),
  /** What may be done to neighbours that slow the model or take more than their lease. */
  guard: guardPolicySchema.prefault({}),
  /** What the model promises to those who ask it. */
  objectives: objectivesSchema.prefault({}),
  /** Who is told of what happens, beside the log. */
  alerts: alertSettingsSchema.prefault({}),
  /** `auto`: side by side where both releases fit, else swap. `swap`: never two copies at once. */
  update: z.enum(['auto', 'swap']).default('auto'),
  /** Milliseconds that requests under way are given to end before their engine is stopped. */
  drain: quantity<Duration>(parseDuration, '30s', 0).default(seconds(30)),
});

export type Settings = z.infer<typeof settingsSchema>;
/** As typed: defaults left out, quantities as text or number. */
export type SettingsInput = z.input<typeof settingsSchema>;
