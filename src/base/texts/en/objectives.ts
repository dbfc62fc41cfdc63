/** What the model promises, and how it is kept: `berth guard status`. */
export const objectives = {
  title: 'OBJECTIVE',
  state: 'BUDGET',
  kept: 'lasts',
  page: 'burns fast: look now',
  ticket: 'burns',
  /** Above the windows: how many times as fast as it may. */
  windows: {5: '5 min', 30: '30 min', 60: '1 h', 360: '6 h', 4320: '3 d'},
  nothing: '-',
  limit: {
    ttft: (p: {limit: string}) => `first token in ${p.limit}`,
    tpot: (p: {limit: string}) => `each token in ${p.limit}`,
    errors: (p: {share: string}) => `at most ${p.share} fail`,
  },
  probe: 'PROBE',
  probeOff: 'off: failures are seen only when somebody asks',
  probeEvery: (p: {span: string}) => `after ${p.span} without a request`,
  probeLast: {
    ok: (p: {at: string; ttft: string}) => `last ${p.at}, first token after ${p.ttft}`,
    failed: (p: {at: string}) => `last ${p.at}, not answered`,
  },
};
