import {PassThrough, Duplex} from 'node:stream';
import {describe, expect, it} from 'vitest';
import {Agent, type AgentImage} from '../../../src/agent/agent.ts';
import {cpuFacts} from '../../../src/agent/cpu-facts.ts';
import {fromWire, PROTOCOL, toWire, type Answer, type Question} from '../../../src/agent/wire.ts';
import {BerthError, ExitCode} from '../../../src/base/errors.ts';
import type {ProgressEvent} from '../../../src/base/progress.ts';
import {inEveryLanguage, textsFor} from '../../../src/base/texts/index.ts';

describe('what an agent says', () => {
  it('is an error in both languages, as it was thrown', () => {
    const error = new BerthError({
      code: 'agent_gone',
      what: (t) => t.hosts.agentGone({host: 'gpu1'}),
      why: (t) => t.hosts.diskFull(),
      try: ['df -h'],
      exit: ExitCode.unreachable,
      details: {path: '/w'},
      lastLines: ['no space'],
    });
    const again = fromWire(JSON.parse(JSON.stringify(toWire(error))) as ReturnType<typeof toWire>);
    expect(again).toMatchObject({
      code: 'agent_gone',
      message: error.message,
      try: ['df -h'],
      exit: ExitCode.unreachable,
      details: {path: '/w'},
      lastLines: ['no space'],
    });
    if (!(again instanceof BerthError)) throw again;
    const chinese = textsFor('zh-CN');
    expect(again.what(chinese)).toBe(error.what(chinese));
    expect(again.why?.(chinese)).toBe(chinese.hosts.diskFull());
  });

  it('is a bug with its text where it is no error for people', () => {
    expect(fromWire(toWire(new TypeError('x is not y'))).message).toContain('x is not y');
  });
});

/** An agent's other end, in this process: answers each question as told. */
function otherEnd(answer: (question: Question) => Answer[]): Duplex {
  const output = new PassThrough();
  return Duplex.from({
    readable: output,
    writable: async function (source: AsyncIterable<Buffer>) {
      for await (const chunk of source) {
        for (const line of chunk.toString().trim().split('\n')) {
          for (const said of answer(JSON.parse(line) as Question)) output.write(`${JSON.stringify(said)}\n`);
        }
      }
    },
  });
}

describe('asking an agent', () => {
  it('brings progress in the words of the reader, then the answer with its dates', async () => {
    const purposes: unknown[] = [];
    const agent = new Agent('gpu1', {purpose: 'device'}, () =>
      Promise.resolve(
        otherEnd(({id, call, input}) => {
          if (call === 'hello') {
            purposes.push(input);
            return [{id, result: {protocol: PROTOCOL}}];
          }
          const said = inEveryLanguage((t) => t.hosts.supervisorStarts());
          return [
            {id, progress: {id: 'look', status: 'running', said}},
            {id, result: {at: '2026-11-25T10:00:00.000Z', processes: []}},
          ];
        }),
      ),
    );
    const events: ProgressEvent[] = [];
    const reading = await agent.ask('read', {}, {progress: (event) => events.push(event)});
    expect(reading.at).toEqual(new Date('2026-11-25T10:00:00Z'));
    expect(events[0]?.say(textsFor('zh-CN'))).toBe(textsFor('zh-CN').hosts.supervisorStarts());
    expect(purposes).toEqual([{purpose: 'device'}]);
  });

  it('fails with a clear error when the agent ends without a word, and starts another for the next question', async () => {
    let started = 0;
    const agent = new Agent('gpu1', {purpose: 'device'}, () => {
      started++;
      const stream = otherEnd(({id, call}) => {
        if (call === 'hello') return [{id, result: {protocol: PROTOCOL}}];
        if (started === 1) setImmediate(() => stream.destroy());
        return started === 1 ? [] : [{id, result: {processes: []}}];
      });
      return Promise.resolve(stream);
    });
    await expect(agent.ask('read', {})).rejects.toMatchObject({code: 'agent_gone', exit: 3});
    await expect(agent.ask('read', {})).resolves.toEqual({processes: []});
  });

  it('fails with what is said of the connection when that was lost', async () => {
    const lost = new BerthError({
      code: 'ssh_connection_lost',
      what: () => 'lost',
      exit: ExitCode.unreachable,
    });
    const agent = new Agent('gpu1', {purpose: 'device'}, () => {
      const stream = otherEnd(({id, call}) => {
        if (call === 'hello') return [{id, result: {protocol: PROTOCOL}}];
        setImmediate(() => stream.destroy(lost));
        return [];
      });
      return Promise.resolve(stream);
    });
    await expect(agent.ask('read', {})).rejects.toBe(lost);
  });

  /** Starts agents that say these protocols, by what they are made of; each tells what it was made of. */
  const speaking = (protocols: Record<AgentImage, number | undefined>) => {
    const started: {image: AgentImage; stream: Duplex}[] = [];
    const agent = new Agent('gpu1', {purpose: 'device'}, (image) => {
      const stream = otherEnd(({id, call}) => [
        {id, result: call === 'hello' ? {protocol: protocols[image]} : {image}},
      ]);
      started.push({image, stream});
      return Promise.resolve(stream);
    });
    return {agent, started};
  };

  it.each([undefined, PROTOCOL + 1])(
    'does not ask one of another version (protocol %j)',
    async (protocol) => {
      const {agent, started} = speaking({present: protocol, exact: PROTOCOL});
      await expect(agent.ask('read', {})).resolves.toEqual({image: 'exact'});
      expect(started.map(({image, stream}) => [image, stream.destroyed])).toEqual([
        ['present', true],
        ['exact', false],
      ]);
      // That the first has ended by now takes nothing from the second.
      await expect(agent.ask('facts', {})).resolves.toEqual({image: 'exact'});
      expect(started).toHaveLength(2);
    },
  );

  it('fails when its own image speaks otherwise too, and leaves nothing running', async () => {
    const {agent, started} = speaking({present: undefined, exact: PROTOCOL + 1});
    await expect(agent.ask('read', {})).rejects.toThrow(`not ${PROTOCOL}`);
    expect(started.every(({stream}) => stream.destroyed)).toBe(true);
  });

  it('finds it started when it was told to begin, and hears of a start that failed', async () => {
    const {agent, started} = speaking({present: PROTOCOL, exact: undefined});
    await agent.begin();
    expect(started).toHaveLength(1);
    await expect(agent.ask('read', {})).resolves.toEqual({image: 'present'});
    expect(started).toHaveLength(1);
    const broken = new Agent('gpu1', {purpose: 'device'}, () => Promise.reject(new Error('no Docker')));
    await broken.begin();
    await expect(broken.ask('read', {})).rejects.toThrow('no Docker');
  });
});

describe('the CPU of another host', () => {
  it('is told by its /proc', () => {
    const cpu = (number: number, core: number): string =>
      `processor\t: ${number}\nmodel name\t: AMD EPYC\nphysical id\t: 0\ncore id\t\t: ${core}\n`;
    const text = `${cpu(0, 0)}\n${cpu(1, 0)}\n${cpu(2, 1)}\n${cpu(3, 1)}\nMemTotal:       1024 kB\nMemFree: 5 kB\n`;
    expect(cpuFacts(text)).toEqual({
      kind: 'cpu',
      id: 'cpu',
      name: 'AMD EPYC (2 cores)',
      totalBytes: 1024 * 1024,
      cores: 2,
    });
    expect(cpuFacts('processor\t: 0\nMemTotal: 2048 kB\n')).toMatchObject({name: 'CPU (1 cores)', cores: 1});
    expect(cpuFacts('nothing of use')).toBeUndefined();
  });
});
