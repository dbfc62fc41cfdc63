/**
 * What the engine is measured against: the shortest loops over node-llama-cpp's own `sequence.evaluate`,
 * with no HTTP and no text. Each line on stdin, `{streams, tokens}`, is answered by the tokens/s as a line.
 */
import {createInterface} from 'node:readline';
import {getLlama, LlamaLogLevel} from 'node-llama-cpp';

const [weights, sequences, threads] = process.argv.slice(2);
if (weights === undefined) throw new Error('usage: engine-plain.ts WEIGHTS SEQUENCES THREADS');

const llama = await getLlama({gpu: false, build: 'never', skipDownload: true, logLevel: LlamaLogLevel.error});
const model = await llama.loadModel({modelPath: weights});
const context = await model.createContext({
  contextSize: 2048,
  sequences: Number(sequences),
  batchSize: 512,
  threads: Number(threads),
});
const lanes = Array.from({length: Number(sequences)}, () => context.getSequence());
const prompt = model.tokenize('<|im_start|>user\nhello<|im_end|>\n<|im_start|>assistant\n', true);

async function stream(index: number, tokens: number): Promise<void> {
  const lane = lanes[index];
  if (lane === undefined) throw new Error(`there is no sequence ${index}`);
  // The engine reuses what a sequence already holds; so does this, or it would read more prompt.
  await lane.adaptStateToTokens(prompt.slice(0, -1), false);
  let left = tokens;
  const rest = prompt.slice(lane.nextTokenIndex);
  for await (const _ of lane.evaluate(rest, {temperature: 0, yieldEogToken: true})) if (--left === 0) break;
}

process.stdout.write('ready\n');
for await (const line of createInterface({input: process.stdin})) {
  const {streams, tokens} = JSON.parse(line) as {streams: number; tokens: number};
  const started = performance.now();
  await Promise.all(Array.from({length: streams}, (_, index) => stream(index, tokens)));
  process.stdout.write(`${((streams * tokens) / (performance.now() - started)) * 1000}\n`);
}
process.exit(0);
