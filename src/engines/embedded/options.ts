import {parseArgs} from 'node:util';
import {z} from 'zod';

const positive = z.coerce.number().int().min(1);

const optionsSchema = z.object({
  host: z.string().default('127.0.0.1'),
  port: z.coerce.number().int().min(0).max(65_535),
  model: z.string().min(1),
  weights: z.string().min(1),
  context: positive,
  // llama.cpp's own limit.
  sequences: positive.max(256).default(1),
  'kv-type': z.enum(['f16', 'q8_0', 'q4_0']).default('f16'),
  'batch-tokens': positive.default(512),
  queue: z.coerce.number().int().min(0).default(64),
  threads: positive.optional(),
  gpu: z.enum(['auto', 'off']).default('off'),
});

/** What the program was told: its flags, and the token from the environment. */
export interface EngineOptions {
  host: string;
  /** 0 lets the system choose; the log says which. */
  port: number;
  model: string;
  weights: string;
  contextTokens: number;
  sequences: number;
  kvType: 'f16' | 'q8_0' | 'q4_0';
  batchTokens: number;
  queue: number;
  threads: number | undefined;
  gpu: 'auto' | 'off';
  /** Demanded of every request but `/health` when it is set. */
  token: string | undefined;
}

export const USAGE =
  '--port N --model ID --weights FILE --context TOKENS [--host 127.0.0.1] [--sequences 1] ' +
  '[--kv-type f16|q8_0|q4_0] [--batch-tokens 512] [--queue 64] [--threads N] [--gpu auto|off]';

/** @throws Error that names the first flag at fault. */
export function parseOptions(argv: readonly string[], env: NodeJS.ProcessEnv): EngineOptions {
  const flags = Object.fromEntries(
    Object.keys(optionsSchema.shape).map((name) => [name, {type: 'string' as const}]),
  );
  const {values} = parseArgs({args: [...argv], options: flags, strict: true});
  const parsed = optionsSchema.safeParse(values);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const flag = issue?.path.join('.') ?? '';
    throw new Error(
      `unsupported --${flag} ${JSON.stringify(values[flag])}: ${issue?.message ?? 'not valid'}`,
    );
  }
  const {context, 'kv-type': kvType, 'batch-tokens': batchTokens, threads, ...rest} = parsed.data;
  const token = env.BERTH_ENGINE_TOKEN;
  return {
    ...rest,
    contextTokens: context,
    kvType,
    batchTokens,
    threads,
    token: token === undefined || token === '' ? undefined : token,
  };
}
