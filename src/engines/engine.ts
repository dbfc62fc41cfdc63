import type {Say} from '../base/texts/index.ts';
import type {Bytes} from '../base/units.ts';
import type {ContainerNeeds, EngineSpec, RuntimeKind} from '../hosts/index.ts';
import type {MetricsMap} from './metrics.ts';

export type EngineName = 'embedded' | 'llama-cpp' | 'vllm';

/** A serving image that Berth builds. */
export type ImageName = 'berth' | 'llama-cpp' | 'vllm';

/** Element types of the KV cache that llama.cpp-family engines offer. */
export type KvType = 'f16' | 'q8_0' | 'q4_0';

/** Everything an engine must know to serve one model in a fixed amount of memory. */
export interface EngineSettings {
  /** Tokens one request may use, prompt and answer together. */
  contextTokens: number;
  /** Requests answered at the same time, each with its own context. */
  sequences: number;
  kvType: KvType;
  /** Tokens evaluated at once while reading prompts. */
  batchTokens: number;
  /** Requests that may wait for a sequence before the engine answers 429. */
  queue: number;
  /** What vLLM makes of 16-bit weights while it loads them; as they are stored when undefined. */
  quantization?: 'fp8';
  /** CPU threads; the engine chooses when undefined. */
  threads?: number;
}

export interface LaunchInput {
  release: number;
  /** The id clients send as `model`. */
  model: string;
  /** Absolute path on the host: a GGUF file, or, for vllm, a folder of safetensors. */
  weightsFile: string;
  settings: EngineSettings;
  predictedPeakBytes: Bytes;
  /** What the plan gave the KV cache of all sequences; vllm, which takes it as a number, needs it. */
  kvCacheBytes?: Bytes | undefined;
  /** Longest answer that the gateway lets through, in tokens. */
  outputTokens?: number | undefined;
  /** Set when it is to run in a container: the image on the host, the GPUs it may see, and its limit of RAM. */
  container?: Pick<ContainerNeeds, 'image' | 'gpus' | 'memoryBytes'>;
}

/** Where an engine is to run. */
export interface Place {
  platform: NodeJS.Platform;
  runtime: RuntimeKind;
  /** What the model's memory is taken from. */
  device: 'cpu' | 'gpu';
  /** The KV type that was asked for, if one was. */
  kvType?: KvType | undefined;
}

/** A known way to fail, recognised in the engine's log. One dictionary per engine. */
export interface KnownCause {
  /** Stable name, `out_of_memory`, `port_taken`, `weights_damaged`. */
  code: string;
  why: Say;
  /** Commands that fix it, the best first. */
  try: readonly string[];
  /** The log line that gave it away. */
  line: string;
  /** Of a lack of memory: how much of it, where the log says. */
  shortage?: Shortage;
}

/** Memory that an engine asked for at once and did not get. */
export interface Shortage {
  askedBytes: Bytes;
  /** What was free, where that explains the refusal. */
  freeBytes?: Bytes;
}

/** The server that runs a model. Pure: it decides what to run; a runtime runs it. */
export interface Engine {
  readonly name: EngineName;
  /** Version of the engine's library or image; part of a release's identity. */
  readonly version: string;
  /** The serving image it runs in under the docker runtime: a folder of images/. */
  readonly image: ImageName;
  /** What its `/metrics` calls the numbers that Berth reads. */
  readonly metrics: MetricsMap;
  /** Throws a BerthError when it cannot run there, before anything is fetched or stopped. */
  check(place: Place): void;
  launch(input: LaunchInput): EngineSpec;
  /** The cause of a failure, when the last log lines show one that is known. */
  explain(lastLines: readonly string[]): KnownCause | undefined;
}
