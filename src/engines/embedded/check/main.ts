/** A program: loads node-llama-cpp as the engine does, and prints what it found as one line of JSON. */
import {getLlama, LlamaLogLevel} from 'node-llama-cpp';

const llama = await getLlama({
  gpu: false,
  build: 'never',
  skipDownload: true,
  logLevel: LlamaLogLevel.disabled,
});
// `CPU : SSE3 = 1 | AVX2 = 1 | …`
const features = [...llama.systemInfo.matchAll(/(\w+) = 1\b/g)].map((match) => match[1]);
process.stdout.write(`${JSON.stringify({features})}\n`);
await llama.dispose();
