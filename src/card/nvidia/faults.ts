import {BerthError, ExitCode} from '../../base/errors.ts';
import type {Say} from '../../base/texts/index.ts';
import {printable} from './printable.ts';

/** Every way in which a card or its driver is known to fail. One dictionary, for all that reads cards. */
export const CARD_FAULTS = [
  'not-installed',
  'no-devices',
  'lost',
  'reset-required',
  'no-answer',
  'mismatch',
  'no-driver',
  'nvml-unknown',
  'library-missing',
  'no-permission',
  'power-cable',
  'silent',
  'unreadable',
  'not-this-card',
] as const;
export type CardFaultName = (typeof CARD_FAULTS)[number];

export interface CardFault {
  name: CardFaultName;
  /** The line that gave it away, cut and made printable; empty when silence did. */
  line: string;
  /** What `what` leaves open: a time, a card's name; often empty. */
  detail: string;
  what: Say;
  why: Say;
  /** Commands that put it right, the best first. */
  try: readonly string[];
}

const KERNEL_LOG = "sudo dmesg | grep -E 'NVRM|Xid'";
const RELOAD =
  'sudo rmmod nvidia_uvm nvidia_drm nvidia_modeset nvidia && sudo modprobe nvidia && sudo modprobe nvidia_uvm';

const FIXES: Readonly<Record<CardFaultName, readonly string[]>> = {
  'not-installed': ['sudo apt install nvidia-driver', 'berth deploy --card cpu'],
  'no-devices': ['lspci -d 10de:', KERNEL_LOG],
  lost: ['sudo reboot', KERNEL_LOG],
  'reset-required': ['sudo nvidia-smi --gpu-reset', 'sudo reboot'],
  'no-answer': [KERNEL_LOG, 'sudo reboot'],
  mismatch: ['sudo reboot', RELOAD],
  'no-driver': ['sudo modprobe nvidia', KERNEL_LOG, 'sudo dkms status'],
  'nvml-unknown': ['ls -l /dev/nvidia*', 'docker restart CONTAINER', KERNEL_LOG],
  'library-missing': ['ldconfig -p | grep libnvidia-ml', 'sudo apt install nvidia-driver'],
  'no-permission': ['ls -l /dev/nvidia*', 'sudo berth doctor'],
  'power-cable': ['sudo poweroff'],
  silent: ['ps -eo pid,stat,wchan,cmd | grep nvidia-smi', KERNEL_LOG, 'sudo reboot'],
  unreadable: ['nvidia-smi', 'berth deploy --card cpu'],
  'not-this-card': ['nvidia-smi -L'],
};

/** What a fault means and what to type. `detail` fills in what the text leaves open (a time, a card's name). */
export const cardFault = (name: CardFaultName, line = '', detail = ''): CardFault => ({
  name,
  line: printable(line),
  detail: printable(detail),
  what: (t) => t.card.fault[name].what({detail: printable(detail)}),
  why: (t) => t.card.fault[name].why,
  try: FIXES[name],
});

/**
 * Words of nvidia-smi, the first that matches wins: "No devices were found" follows other failures, so it
 * stands behind them.
 */
const WORDS: readonly (readonly [CardFaultName, RegExp])[] = [
  ['lost', /GPU is lost|fallen off the bus/i],
  ['reset-required', /GPU requires reset/i],
  ['mismatch', /Driver\/library version mismatch/i],
  ['no-driver', /couldn't communicate with the NVIDIA driver|NVML: Driver Not Loaded/i],
  [
    'library-missing',
    /couldn't find libnvidia-ml|NVML Shared Library Not Found|libnvidia-ml\.so[.\d]*: cannot open/i,
  ],
  ['no-permission', /NVML: Insufficient Permissions/i],
  ['no-answer', /Unable to determine the device handle for (?:GPU|gpu)[^\n]{0,200}/],
  ['nvml-unknown', /Failed to initialize NVML: Unknown Error/i],
  ['power-cable', /external power cables? (?:is|are)? ?not|Insufficient External Power/i],
  ['no-devices', /No devices were found/i],
];

/** Exit codes of nvidia-smi, where its words say nothing. Source: nvidia-smi(1), RETURN VALUE. */
const EXIT_CODES: Readonly<Record<number, CardFaultName>> = {
  4: 'no-permission',
  6: 'no-devices',
  8: 'power-cable',
  9: 'no-driver',
  12: 'library-missing',
  15: 'lost',
  16: 'reset-required',
  18: 'mismatch',
};

/** The fault that an answer tells of; undefined when it is no failure. Pure. */
export function faultIn({code, text}: {code: number | null; text: string}): CardFault | undefined {
  const said = text.slice(0, 64 * 1024);
  for (const [name, words] of WORDS) {
    const line = said.split(/\r?\n/).find((one) => words.test(one));
    if (line !== undefined) return cardFault(name, line);
  }
  if (code === 0) return undefined;
  const line = said.split(/\r?\n/).find((one) => one.trim() !== '') ?? '';
  return cardFault(EXIT_CODES[code ?? -1] ?? 'unreadable', line, code === null ? '' : `exit ${code}`);
}

/** A fault as the error that a person sees. */
export const cardError = (fault: CardFault): BerthError =>
  new BerthError({
    code: `card_${fault.name.replaceAll('-', '_')}`,
    what: fault.what,
    why: fault.why,
    try: fault.try,
    exit: fault.name === 'not-this-card' ? ExitCode.usage : ExitCode.failed,
    details: {fault: fault.name, ...(fault.line !== '' && {line: fault.line})},
    ...(fault.line !== '' && {lastLines: [fault.line]}),
  });
