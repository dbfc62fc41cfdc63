import {expect, it} from 'vitest';
import {Sketch} from '../../../src/base/sketch.ts';
import {Window} from '../../../src/gateway/metrics/window.ts';
import {StreamMeter} from '../../../src/gateway/traffic/stream-meter.ts';

const IDLE = {running: 0, queued: 0, held: 0};
const token = Buffer.from('data: {"choices":[{"delta":{"content":"x"}}]}\n\n');

it('tells of a stream that goes on only what came in the window', () => {
  const window = new Window(0);
  const stream = new StreamMeter('chat', true);
  window.follow(stream, 100);
  for (const at of [150, 160, 170]) stream.feed(token, at);
  const first = window.take(1000, {...IDLE, running: 1});
  expect(first).toMatchObject({spanMs: 1000, running: 1, tokens: 3});
  expect(Sketch.of(first.ttft).quantile(0.5)).toBeCloseTo(50, 0);
  expect(Sketch.of(first.tpot).count).toBe(2);
  expect(Sketch.of(first.tpot).quantile(0.5)).toBeCloseTo(10, 0);

  for (const at of [1040, 1060]) stream.feed(token, at);
  const second = window.take(2000, IDLE);
  expect(second.ttft).toEqual([]);
  // From 170 to 1060 in two steps: the pause between the windows belongs to it.
  expect(Sketch.of(second.tpot).quantile(0.5)).toBeCloseTo(445, -1);
  expect(second.tokens).toBe(2);
  expect(window.take(3000, IDLE)).toMatchObject({spanMs: 1000, tokens: 0, tpot: []});
});

it('counts what ended between two looks, and a stream only once', () => {
  const window = new Window(0);
  const stream = new StreamMeter('completion', true);
  window.follow(stream, 0);
  stream.feed(Buffer.from('data: {"choices":[{"text":"x"}]}\n\n'), 30);
  window.leave(stream);
  window.count('ok', 0);
  window.count('serverError', 7);
  expect(window.take(500, IDLE)).toMatchObject({
    tokens: 8,
    requests: {ok: 1, clientError: 0, serverError: 1, cancelled: 0},
  });
  expect(window.take(1000, IDLE).requests).toEqual({ok: 0, clientError: 0, serverError: 0, cancelled: 0});
});
