import {mkdtemp, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {getLlama, type Llama, type LlamaContext, type LlamaModel, type Token} from 'node-llama-cpp';
import {afterAll, beforeAll, expect, test} from 'vitest';
import {NANO_SHAPE, writeNano, writeSynthetic} from '../../../src/models/index.ts';

let folder: string;
let llama: Llama;
let model: LlamaModel;
let context: LlamaContext;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'berth-nano-'));
  await writeNano(join(folder, 'nano.gguf'));
  llama = await getLlama({gpu: false, build: 'never', maxThreads: 1});
  model = await llama.loadModel({modelPath: join(folder, 'nano.gguf')});
  context = await model.createContext({contextSize: 8192, sequences: 4, threads: 1});
});

afterAll(async () => {
  await llama.dispose();
  await rm(folder, {recursive: true});
});

const ENGLISH =
  /^(This|Here) is Berth's built-in stand-in model 🚢: .*`berth deploy --model qwen3-4b-instruct-2507`$/s;
const CHINESE =
  /^(这是|您看到的是) Berth（泊位）内置的替身模型：.*`berth deploy --model qwen3-4b-instruct-2507`$/s;

const turn = (role: string, text: string) => `<|im_start|>${role}\n${text}<|im_end|>\n`;
const ask = (text: string) => `${turn('user', text)}<|im_start|>assistant\n`;

interface Wish {
  temperature?: number;
  seed?: number;
  /** Say this many tokens, and go on past the end of the turn. */
  ignoreEos?: number;
}

async function tokens(
  prompt: string,
  {temperature = 0, seed, ignoreEos}: Wish = {},
  on = context,
): Promise<Token[]> {
  using sequence = on.getSequence();
  const said: Token[] = [];
  const options = {temperature, ...(seed !== undefined && {seed}), yieldEogToken: ignoreEos !== undefined};
  for await (const token of sequence.evaluate(on.model.tokenize(prompt, true), options)) {
    said.push(token);
    if (said.length === ignoreEos) break;
  }
  return said;
}

const answer = async (prompt: string, wish?: Wish, on = context): Promise<string> =>
  on.model.detokenize(await tokens(prompt, wish, on));

test('answers in the language of the conversation', async () => {
  expect(await answer(ask('Hello'))).toMatch(ENGLISH);
  expect(await answer(ask('你好'))).toMatch(CHINESE);
  expect(await answer(turn('system', '你是一个助手。') + ask('Hi'))).toMatch(CHINESE);
  expect(await answer(turn('system', 'Be kind ☺') + ask('Grüße, Москва!'))).toMatch(ENGLISH);
});

test('finds one Chinese character anywhere in 6,000 tokens', async () => {
  const filler = 'lorem ipsum '.repeat(250);
  expect(await answer(ask(`船${filler}${filler}`))).toMatch(CHINESE);
  expect(await answer(ask(`${filler}船${filler}`))).toMatch(CHINESE);
  expect(await answer(ask(filler + filler))).toMatch(ENGLISH);
});

test('a long chat with its own notices in the history still answers', async () => {
  const said = await answer(ask('Hi'));
  const history = Array.from({length: 8}, () => turn('user', 'Hi') + turn('assistant', said)).join('');
  expect(await answer(history + ask('And now?'))).toMatch(ENGLISH);
});

test('is deterministic at temperature 0; above it the seed chooses between variants and nothing else moves', async () => {
  const first = await answer(ask('Hi'));
  expect(await answer(ask('Hi'))).toBe(first);
  const variants = new Set<string>();
  for (let seed = 1; seed <= 24; seed++) {
    const said = await answer(ask('Hi'), {temperature: seed % 2 ? 0.8 : 2, seed});
    expect(said).toMatch(ENGLISH);
    variants.add(said);
  }
  expect(variants).toHaveLength(4);
});

test('goes on for ever when the end of the turn is ignored', async () => {
  for (const [question, opening] of [
    ['Hi', 'This is'],
    ['你好', '这是'],
  ] as const) {
    const said = await tokens(ask(question), {ignoreEos: 400});
    expect(said).toHaveLength(400);
    expect(model.detokenize(said).split(opening).length).toBeGreaterThan(5);
  }
});

test('four sequences in one batch do not disturb each other', async () => {
  const questions = ['Hi', '你好', 'What is a berth?', '泊位是什么？'];
  const alone: string[] = [];
  for (const question of questions) alone.push(await answer(ask(question)));
  expect(await Promise.all(questions.map((question) => answer(ask(question))))).toEqual(alone);
});

test('words of the notice cannot be typed: text is read byte by byte', () => {
  const typed = "This is Berth's 泊位 🚢";
  expect(model.tokenize(typed)).toEqual([...new TextEncoder().encode(typed)]);
});

test('larger synthetic models say the same', async () => {
  const path = join(folder, 'synthetic.gguf');
  const shape = {...NANO_SHAPE, name: 'wide', layers: 2, hidden: 512, heads: 8, type: 'Q8_0'} as const;
  const size = await writeSynthetic(path, shape);
  expect(size).toBeGreaterThan(2_000_000);
  const wide = await llama.loadModel({modelPath: path});
  const quantised = await wide.createContext({
    contextSize: 512,
    threads: 1,
    experimentalKvCacheKeyType: 'Q8_0',
    experimentalKvCacheValueType: 'Q8_0',
  });
  expect(await answer(ask('Hi'), {}, quantised)).toMatch(ENGLISH);
  expect(await answer(ask('你好'), {}, quantised)).toMatch(CHINESE);
  await wide.dispose();
});
