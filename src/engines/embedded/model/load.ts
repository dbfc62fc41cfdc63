import {open} from 'node:fs/promises';
import {availableParallelism, loadavg} from 'node:os';
import {getLlama, LlamaLogLevel, type Llama, type LlamaModel} from 'node-llama-cpp';
import {bytes} from '../../../base/units.ts';
import {badRequest} from '../api/errors.ts';
import type {ChatMessage} from '../api/requests.ts';
import type {Log} from '../log.ts';
import type {EngineOptions} from '../options.ts';
import type {Lane} from '../slots/lane.ts';
import {chatPrompter} from '../text/chat-prompt.ts';
import {tokenBytes, TokenType, type Vocabulary} from '../text/token-bytes.ts';
import {chooseThreads} from '../threads.ts';
import {bufferIn} from './buffers.ts';
import {laneOf} from './llama.ts';
import {demandMemory} from './memory.ts';

/** A model in memory, ready to answer. */
export interface LoadedModel {
  lanes: readonly Lane[];
  contextTokens: number;
  vocabularySize: number;
  threads: number;
  /** The tokens of a conversation, up to where the answer begins. */
  chatTokens: (messages: readonly ChatMessage[]) => number[];
  /** The tokens of a plain prompt, with the beginning-of-text token where the model wants one. */
  promptTokens: (text: string) => number[];
  /** `special`: texts of special tokens become those tokens. */
  tokenize: (text: string, special: boolean) => number[];
  detokenize: (tokens: readonly number[]) => string;
  bytesOf: (token: number) => Buffer;
  endsAnswer: (token: number) => boolean;
  /** No text of so many bytes has fewer tokens: told without reading it. */
  leastTokens: (textBytes: number) => number;
}

/** Called with the share of the work that is done, 0 to 1. */
export type LoadProgress = (ratio: number) => void;

/** @throws with a message that starts with the stage that failed: the dictionary knows these. */
export async function loadModel(
  options: EngineOptions,
  log: Log,
  progress: LoadProgress,
): Promise<LoadedModel> {
  const size = await stage('cannot read the weights', () => readableSize(options.weights));
  const llama = await stage('cannot load the engine library', () => openLlama(options, log));
  const threads =
    options.threads ??
    chooseThreads({
      modelBytes: bytes(size),
      physicalCores: Math.min(llama.cpuMathCores, availableParallelism()),
      load: loadavg()[0] ?? 0,
    });
  const model = await stage('cannot load the weights', () =>
    llama.loadModel({
      modelPath: options.weights,
      onLoadProgress: progress,
      // A mapped file stays mapped beside the weights that were copied into another order for the CPU
      // (every Q4_K matrix): read, each weight is in memory once, and no page of it can be evicted.
      ...(options.gpu === 'off' && {gpuLayers: 0, useMmap: false}),
    }),
  );
  if (options.contextTokens > model.trainContextSize) {
    log.warn(
      `the context of ${options.contextTokens} tokens is longer than the ${model.trainContextSize} the model was made for`,
    );
  }
  await stage('cannot create the context', () => demandMemory(model, options));
  const quantised = options.kvType !== 'f16';
  const kvType = ({f16: 'F16', q8_0: 'Q8_0', q4_0: 'Q4_0'} as const)[options.kvType];
  const context = await stage('cannot create the context', () =>
    model.createContext({
      contextSize: options.contextTokens,
      sequences: options.sequences,
      batchSize: options.batchTokens,
      threads,
      // llama.cpp can read a quantised KV cache only with flash attention.
      flashAttention: quantised ? true : 'auto',
      experimentalKvCacheKeyType: kvType,
      experimentalKvCacheValueType: kvType,
      // Never a smaller context than what was planned and promised.
      failedCreationRemedy: false,
    }),
  );
  const lanes = Array.from({length: options.sequences}, () => laneOf(context.getSequence()));
  return {lanes, contextTokens: options.contextTokens, threads, ...textSide(model, log)};
}

async function readableSize(path: string): Promise<number> {
  await using file = await open(path, 'r');
  const facts = await file.stat();
  if (!facts.isFile()) throw new Error('EISDIR: not a file');
  return facts.size;
}

/** Only a binary that came with the package: an engine does not compile or download anything. */
const openLlama = (options: EngineOptions, log: Log): Promise<Llama> =>
  getLlama({
    gpu: options.gpu === 'auto' ? 'auto' : false,
    build: 'never',
    skipDownload: true,
    progressLogs: false,
    logLevel: LlamaLogLevel.info,
    logger: (level, message) => {
      const text = `llama.cpp: ${message.trimEnd()}`;
      if (level === LlamaLogLevel.error || level === LlamaLogLevel.fatal) log.error(text);
      else if (level === LlamaLogLevel.warn) log.warn(text);
      // Of what it says while all is well, only the memory it took: what the plan is held against.
      else tellBuffer(message, log);
    },
  });

function tellBuffer(message: string, log: Log): void {
  const buffer = bufferIn(message);
  if (buffer) log.info(`buffer: ${buffer.use} ${buffer.mib} MiB on ${buffer.place}`);
}

async function stage<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new Error(what, {cause: error});
  }
}

type TextSide = Omit<LoadedModel, 'lanes' | 'contextTokens' | 'threads'>;

/** Everything about text and tokens that needs no computing. */
function textSide(model: LlamaModel, log: Log): TextSide {
  const {metadata} = model.fileInfo;
  const vocabulary: Vocabulary = {
    kind: metadata.tokenizer.ggml.model,
    tokens: metadata.tokenizer.ggml.tokens,
    types: metadata.tokenizer.ggml.token_type,
  };
  const {bos} = model.tokens;
  const withBos = (tokens: number[]): number[] =>
    bos !== null && model.tokens.shouldPrependBosToken && tokens[0] !== bos ? [bos, ...tokens] : tokens;
  const tokenize = (text: string, special: boolean): number[] => model.tokenize(text, special);
  const prompter = prompterOf(model, vocabulary, log);
  const longest = vocabulary.tokens.reduce((most, token) => Math.max(most, Buffer.byteLength(token)), 1);
  return {
    leastTokens: (textBytes) => Math.ceil(textBytes / longest),
    vocabularySize: vocabulary.tokens.length,
    tokenize,
    chatTokens: (messages) => withBos(prompter(messages).flatMap((piece) => tokenize(piece, true))),
    // A plain prompt is the caller's own: special tokens in it are meant.
    promptTokens: (text) => withBos(tokenize(text, true)),
    detokenize: (tokens) => model.detokenize(tokens as ReturnType<LlamaModel['tokenize']>, true),
    bytesOf: tokenBytes(vocabulary),
    endsAnswer: (token) => model.isEogToken(token as ReturnType<LlamaModel['tokenize']>[number]),
  };
}

function prompterOf(
  model: LlamaModel,
  vocabulary: Vocabulary,
  log: Log,
): (messages: readonly ChatMessage[]) => string[] {
  const source = model.fileInfo.metadata.tokenizer.chat_template;
  const none = (reason: string) => () => {
    throw badRequest(`${reason} Use /v1/completions.`, 'messages', 'no_chat_template');
  };
  if (source === undefined) return none('This model has no chat template.');
  try {
    return chatPrompter({
      source,
      bosToken: model.tokens.bosString ?? '',
      eosToken: model.tokens.eosString ?? '',
      specials: vocabulary.tokens.filter((_, token) => {
        const type = vocabulary.types[token];
        return type === TokenType.control || type === TokenType.unknown;
      }),
    });
  } catch (error) {
    log.error(`the model's chat template cannot be read: ${String(error)}`);
    return none("This model's chat template cannot be read.");
  }
}
