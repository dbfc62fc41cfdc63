import {describe, expect, it} from 'vitest';
import {systemClock} from '../../../src/base/clock.ts';
import {cardsThere, remoteDevice} from '../../../src/agent/remote-device.ts';
import type {Device, Run} from '../../../src/card/index.ts';

const CPU = 'processor : 0\nmodel name : Some CPU\nMemTotal:       16000000 kB\n';

/** A host whose nvidia-smi ends like this. */
const host =
  (code: number, text: string): Run =>
  ([program]) =>
    Promise.resolve(
      program === 'nvidia-smi'
        ? {state: 'ended', code, stdout: text, stderr: ''}
        : {state: 'ended', code: 0, stdout: CPU, stderr: ''},
    );

function open(run: Run, card?: string): {device: Device; cards: ReturnType<typeof cardsThere>} {
  const cards = cardsThere(run, card);
  const agent = {ask: () => Promise.reject(new Error('nobody was to be asked'))};
  return {cards, device: remoteDevice({agent, run, clock: systemClock, card, cards})};
}

const LOST = host(
  15,
  'Unable to determine the device handle for GPU0: 0000:01:00.0: GPU is lost.  Reboot the system to recover this GPU',
);

describe('the device of another host', () => {
  it('is its CPU when the card is lost, says so, and asks for no card that cannot be given', async () => {
    const {device, cards} = open(LOST);
    const {kind, faults} = await device.facts();
    expect([kind, faults?.map(({name}) => name)]).toEqual(['cpu', ['lost']]);
    expect((await cards()).wanted).toBe(false);
  });

  it('is the lost card, and nothing else, when that was asked for', async () => {
    const {device, cards} = open(LOST, '0');
    await expect(device.facts()).rejects.toMatchObject({code: 'card_lost'});
    expect((await cards()).wanted).toBe(true);
  });

  it('is its CPU without a word where there is no card', async () => {
    const {device} = open(host(6, 'No devices were found'));
    const {kind, faults} = await device.facts();
    expect([kind, faults]).toEqual(['cpu', undefined]);
  });

  it('asks no driver when the CPU was asked for', async () => {
    const {device} = open(([program]) => {
      if (program === 'nvidia-smi') throw new Error('asked');
      return Promise.resolve({state: 'ended', code: 0, stdout: CPU, stderr: ''});
    }, 'cpu');
    expect((await device.facts()).kind).toBe('cpu');
  });
});
