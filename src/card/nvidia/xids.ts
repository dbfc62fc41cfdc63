/**
 * XIDs: what the driver writes into the kernel's log when a card or a program on it fails. No query tells them.
 * Meanings: NVIDIA's XID catalogue and nverror.h of the open kernel modules.
 */
import {countIn} from './csv.ts';
import {printable} from './printable.ts';

/** What must happen before the card can be trusted again. */
export type XidRemedy = 'nothing' | 'restart-program' | 'reset' | 'reboot';

export interface Xid {
  code: number;
  /** `0000:01:00`. */
  busId: string;
  pid?: number;
  process?: string;
  remedy: XidRemedy;
  /** The line as it was logged, at most 300 characters. */
  line: string;
}

/** Codes that have a text of their own in the catalogues. */
export const KNOWN_XIDS = [
  13, 31, 32, 43, 45, 48, 61, 62, 63, 64, 69, 74, 79, 92, 94, 95, 119, 120, 121, 140, 154,
] as const;
export type KnownXid = (typeof KNOWN_XIDS)[number];

/**
 * A program's own mistakes (13, 31, 32, 43, 45, 69) end that program and nothing else. Faults of memory,
 * firmware or link ask for a reset; a card that left the bus comes back only with the machine.
 */
const REMEDIES: Readonly<Record<KnownXid, XidRemedy>> = {
  13: 'restart-program',
  31: 'restart-program',
  32: 'restart-program',
  43: 'restart-program',
  45: 'restart-program',
  48: 'reset',
  61: 'reset',
  62: 'reset',
  63: 'reset',
  64: 'reset',
  69: 'restart-program',
  74: 'reset',
  79: 'reboot',
  92: 'nothing',
  94: 'restart-program',
  95: 'reset',
  119: 'reset',
  120: 'reset',
  121: 'nothing',
  140: 'reset',
  154: 'nothing',
};

export const isKnownXid = (code: number): code is KnownXid =>
  (KNOWN_XIDS as readonly number[]).includes(code);

/** XID 154 tells in words what the driver asks for from now on. */
function recoveryOf(message: string): XidRemedy {
  const asked = /changed from 0x[0-9a-f]+ \([^)]*\) to 0x[0-9a-f]+ \(([^)]*)\)/i.exec(message)?.[1] ?? '';
  if (/reboot/i.test(asked)) return 'reboot';
  return /reset/i.test(asked) ? 'reset' : 'nothing';
}

// Old drivers leave "PCI:" out; the bus may end in a function (`01:00.0`).
const LINE =
  /NVRM: Xid \((?:PCI:)?([0-9a-f]{4,8}:[0-9a-f]{2}:[0-9a-f]{2})(?:\.[0-9a-f])?\): (\d{1,4})(?:, )?(.*)$/i;
const LONGEST_LINE = 4096;
/** The newest are kept. */
const MOST = 1000;

/** Every XID in the text of a kernel log (`dmesg`, `journalctl -k`, /var/log/kern.log), oldest first. Pure. */
export function parseXids(log: string): Xid[] {
  const found: Xid[] = [];
  for (const whole of log.split(/\r?\n/)) {
    const line = whole.slice(0, LONGEST_LINE);
    const match = LINE.exec(line);
    if (!match) continue;
    const [, busId = '', digits, message = ''] = match;
    const code = Number(digits);
    const pid = countIn(/\bpid='?(\d+)/.exec(message)?.[1]);
    const process = /\bname='?([^,'<]+)/.exec(message)?.[1]?.trim();
    found.push({
      code,
      busId: busId.toLowerCase(),
      remedy: code === 154 ? recoveryOf(message) : isKnownXid(code) ? REMEDIES[code] : 'nothing',
      line: printable(line),
      ...(pid !== undefined && {pid}),
      ...(process !== undefined && process !== '' && {process}),
    });
  }
  return found.slice(-MOST);
}

/** Those of one card. A card's own bus id has a longer domain: `00000000:01:00.0`. */
export function xidsOf(xids: readonly Xid[], cardBusId: string): Xid[] {
  const short = (bus: string): string =>
    bus
      .toLowerCase()
      .replace(/\.[0-9a-f]$/, '')
      .slice(-10);
  return xids.filter(({busId}) => short(busId) === short(cardBusId));
}
