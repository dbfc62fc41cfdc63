export const plan = {
  headerIncomplete: (p: {field: string; value: string}) =>
    `The model's header does not tell its shape: ${p.field} is ${p.value}.`,
  noSuchWay: (p: {model: string; asked: string; known: string}) =>
    `${p.model} cannot be run as "${p.asked}" on this device. It can as: ${p.known}.`,
  noGguf: (p: {model: string; from: string}) =>
    `${p.model} (${p.from}) is safetensors: only models of the catalogue can be planned from these.`,
  doesNotFit: (p: {
    model: string;
    way: string;
    device: string;
    needed: string;
    available: string;
    missing: string;
  }) =>
    `${p.model} (${p.way}) needs ${p.needed} of ${p.device}, and ${p.available} can be had: ${p.missing} are missing.`,
  nothingLeft: (p: {model: string; device: string; leave: string; free: string; needed: string}) =>
    `${p.leave} are to be left for others, and ${p.device} has ${p.free} free: nothing of it is left for ${p.model}, which needs ${p.needed}.`,
  budgetBelowWeights: (p: {model: string; way: string; weights: string; budget: string; missing: string}) =>
    `The weights of ${p.model} (${p.way}) alone take ${p.weights}, and the budget is ${p.budget}: ${p.missing} are missing.`,
  sum: (p: {sum: string; needed: string; context: number; sequences: number}) =>
    `${p.sum} = ${p.needed}, for ${p.sequences} x ${p.context} tokens.`,
  hopeless: (p: {model: string; device: string}) =>
    `No variant of ${p.model} fits ${p.device}, however short the context. Take a smaller model, or an endpoint elsewhere that speaks OpenAI's API.`,

  help: {
    summary: 'Say what a model will take, term by term, before anything is loaded.',
    description:
      'Weights, KV cache, scratch space and runtime, each with its source; what fits beside the present tenants; ' +
      'speed as the card limits it, marked as predicted. The same arithmetic as a deploy. Nothing is touched.',
    exampleCard: 'on a card that you do not have yet',
    exampleHere: 'on this machine, beside what runs on it',
    exampleLeave: 'keep room for a neighbour',
    exampleLong: 'price the longest context',
    argModel: 'a model from `berth models`, or the path of a GGUF file',
    flagCard:
      'A card that is not there: 4090d, 4090, 3090, 5090, a100-80gb or h100-80gb; or a device of the host: cpu, or a card by its index or UUID.',
    flagProfile: 'What matters most on a GPU: headroom for others, throughput, or quality.',
    flagKv: 'Element type of the KV cache; bf16 and fp8 are for vLLM.',
    flagLeave: 'Memory to keep free for others.',
  },

  labelModel: 'Model',
  labelDevice: 'Device',
  labelRoom: 'Room',
  labelWay: 'Plan',
  labelNeeds: 'Needs',
  labelLeft: 'Left',
  labelLargest: 'At most',
  labelQuality: 'Quality',
  labelError: 'Error so far',
  planned: 'as its maker describes it',
  room: (p: {
    available: string;
    free: string;
    present: string;
    programs: string;
    leases: string;
    safety: string;
    leave: string;
  }) =>
    `${p.available} = free ${p.free} + present release ${p.present} - Berth's programs ${p.programs} - promised to leases ${p.leases} - safety ${p.safety} - left for others ${p.leave}`,
  roomBudget: (p: {available: string}) => `${p.available}: the budget`,
  settings: (p: {context: number; sequences: number}) =>
    `${p.sequences} x ${p.context.toLocaleString('en')} tokens`,
  needs: (p: {needed: string; budget: string}) => `${p.needed} predicted, budget ${p.budget}`,
  left: (p: {left: string}) => `${p.left} for other work`,
  largest: (p: {context: number; sequences: number; concurrency: number; atContext: number}) =>
    `${p.context.toLocaleString('en')} tokens for ${p.sequences} at once, or ${p.concurrency} at once with ${p.atContext.toLocaleString('en')}`,
  quality: (p: {measure: string; percent: number; source: string}) =>
    `${p.measure} ${p.percent} % (${p.source}; not measured by Berth)`,
  qualityUnknown: 'no figure known for this variant',
  lowConfidence: 'lower confidence:',
  doubts: {
    architecture: 'an architecture that is planned from its header alone',
    'sliding-window': 'a sliding window: the cache is an upper bound',
    recurrent: 'layers with a fixed state: the cache is an upper bound',
  },
  warnings: {
    'kv-below-8-bits':
      'KV below 8 bits loses answers: use it only after a needle or perplexity check of your own',
    'kv-8-bits': '8-bit KV costs a little quality on long documents',
  },
  terms: {
    weights: 'weights',
    'kv-cache': 'KV cache',
    compute: 'compute',
    'cuda-graphs': 'CUDA graphs',
    runtime: 'runtime',
  },
  headTerm: 'TERM',
  headSize: 'SIZE',
  headSource: 'SOURCE',
  headWorkload: 'WORKLOAD',
  headClaimed: 'CLAIMED',
  headPredicted: 'PREDICTED',
  headClaimedMemory: 'CLAIMED MEM.',
  headPredictedMemory: 'PREDICTED MEM.',
  headFirstToken: 'FIRST TOKEN',
  workloads: {
    qa: 'question',
    summary: 'long document',
    code: 'code',
  },
  predictedNote: 'Predicted from the limits of the card for one request alone, not measured.',
  fullContext: (p: {tokens: number; firstToken: string; perToken: string}) =>
    `A prompt of all ${p.tokens.toLocaleString('en')} tokens: first token after ${p.firstToken}, then ${p.perToken} a token.`,
  headAlternative: 'ALTERNATIVE',
  headNeeds: 'NEEDS',
  headFits: 'FITS',
  headLargest: 'LONGEST',
  headSummary: 'LONG DOC.',
  fits: {yes: 'yes', no: 'no'},
  tenants: 'TENANT',
  used: 'USED',
  error: (p: {device: 'cpu' | 'gpu'; releases: number; mean: string; worst: string}) =>
    `${p.releases} releases on this host's ${p.device.toUpperCase()}: mean ${p.mean}, worst ${p.worst} (predicted - measured)`,
  errorNone: (p: {device: 'cpu' | 'gpu'}) => `nothing measured on this host's ${p.device.toUpperCase()} yet`,
};
