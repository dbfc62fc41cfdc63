/**
 * `node load-and-measure.ts FILE CONTEXT SEQUENCES KV BATCH`: loads a model as the embedded engine does, answers a
 * long prompt in every sequence, and prints this process's peak of resident memory in bytes.
 */
import {readFile} from 'node:fs/promises';
import {getLlama} from 'node-llama-cpp';

const [modelPath = '', context, sequences, kv = 'F16', batch] = process.argv.slice(2);
const llama = await getLlama({gpu: false, build: 'never', maxThreads: 1});
const model = await llama.loadModel({modelPath});
const kvType = kv as 'F16' | 'Q8_0' | 'Q4_0';
const loaded = await model.createContext({
  contextSize: Number(context),
  sequences: Number(sequences),
  batchSize: Number(batch),
  threads: 1,
  flashAttention: kvType === 'F16' ? 'auto' : true,
  experimentalKvCacheKeyType: kvType,
  experimentalKvCacheValueType: kvType,
  failedCreationRemedy: false,
});
const prompt = model.tokenize('x'.repeat(300));
await Promise.all(
  Array.from({length: Number(sequences)}, async () => {
    let said = 0;
    for await (const _ of loaded.getSequence().evaluate(prompt, {temperature: 0})) if (++said === 8) break;
  }),
);
const peak = /VmHWM:\s+(\d+) kB/.exec(await readFile('/proc/self/status', 'utf8'))?.[1];
console.log(Number(peak) * 1024);
await llama.dispose();
