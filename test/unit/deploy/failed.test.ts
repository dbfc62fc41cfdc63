import {describe, expect, it} from 'vitest';
import {BerthError, ExitCode} from '../../../src/base/errors.ts';
import {textsFor} from '../../../src/base/texts/index.ts';
import {gib, mib} from '../../../src/base/units.ts';
import {notInService} from '../../../src/deploy/start/failed.ts';

const RELEASE = {number: 2, settings: {contextTokens: 2048, sequences: 1, kvType: 'f16'}};

const gateFailed = (details: Record<string, unknown>): BerthError =>
  new BerthError({
    code: 'gate_failed',
    what: () => 'The candidate did not pass the gate.',
    why: () => 'The program ended (exit 1).',
    try: ['berth capacity', 'berth deploy --context 4096', 'berth deploy --engine llama-cpp'],
    exit: ExitCode.unhealthy,
    details,
    lastLines: ['loading', 'cudaMalloc failed: out of memory', 'exiting'],
  });
const told = (details: Record<string, unknown>, present?: number): BerthError =>
  notInService(RELEASE, present, gateFailed(details)) as BerthError;

describe('a release that did not make it', () => {
  const short = {knownCause: 'out_of_memory', knownBy: 'cudaMalloc failed: out of memory'};

  it('says in one sentence how much memory was asked for, and goes to exit 5', () => {
    const error = told({...short, askedBytes: gib(19.5), freeBytes: gib(3)}, 1);
    expect(error.message).toBe(
      'Release 2 was not put into service and release 1 goes on serving: its engine asked for 19.5 GiB of memory at once, and 3.0 GiB were free.',
    );
    expect(error.what(textsFor('zh-CN'))).toContain('19.5 GiB');
    expect(error).toMatchObject({
      ...{code: 'deploy_failed', exit: ExitCode.doesNotFit, why: undefined},
      // Less than was asked for, never the dictionary's own figure, and what else the engine advises.
      try: [
        'berth capacity',
        'berth deploy --context 1024',
        'berth deploy --kv q8_0',
        'berth deploy --engine llama-cpp',
      ],
      lastLines: ['cudaMalloc failed: out of memory'],
      details: {release: 2, serving: 1, cause: 'gate_failed', askedBytes: gib(19.5)},
    });
  });

  it('does not make up what the log does not tell', () => {
    expect(told({...short, askedBytes: mib(300)}).message).toBe(
      'Release 2 was not put into service: its engine asked for 300 MiB of memory at once and did not get it.',
    );
    expect(told(short).message).toBe(
      'Release 2 was not put into service: there is not enough memory for the model with this context.',
    );
  });

  it('keeps everything of any other failure', () => {
    expect(told({probe: 'ready', knownCause: 'weights_damaged', knownBy: 'x'}, 1)).toMatchObject({
      message:
        'Release 2 was not put into service; release 1 goes on serving. The candidate did not pass the gate.',
      exit: ExitCode.failed,
      lastLines: ['loading', 'cudaMalloc failed: out of memory', 'exiting'],
    });
    const bug = new TypeError('x is not a function');
    expect(notInService(RELEASE, 1, bug)).toBe(bug);
  });
});
