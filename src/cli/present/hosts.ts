import {styleText} from 'node:util';
import type {Texts} from '../../base/texts/index.ts';
import {formatDuration} from '../../base/units.ts';
import type {HostCheck, HostProblem} from '../../hosts/index.ts';
import {printable} from '../printable.ts';
import {keyValues, table} from '../table.ts';

export interface ListedHost {
  name: string;
  target?: string;
  hostKeys: readonly {endpoint: string; fingerprint: string}[];
}

/** One line a machine; the key is that of the machine itself, not of those on the way. */
export function presentHosts({ssh: t}: Texts, hosts: readonly ListedHost[]): string {
  const rows = hosts.map(({name, target, hostKeys}) => [
    name,
    target ?? t.thisMachine,
    hostKeys.at(-1)?.fingerprint ?? '-',
  ]);
  return table(rows, {head: [t.head.name, t.head.target, t.head.hostKey]});
}

/** Everything that was proven of one machine. */
export function presentCheck(texts: Texts, check: HostCheck): string {
  const {ssh: t} = texts;
  const mark = check.ok ? styleText('green', '✔') : styleText('red', '✖');
  const title = `${mark} ${check.name}`;
  if (check.error) return `${title}\n${presentProblem(texts, check.error)}`;
  const {docker} = check;
  const rows: [string, string | undefined][] = [
    [t.label.target, check.endpoint],
    [t.label.hostKey, check.hostKey],
    [
      t.label.login,
      check.loginKey === undefined
        ? check.user
        : t.label.loginBy({user: check.user ?? '', key: check.loginKey}),
    ],
    [t.label.system, check.os === undefined ? undefined : `${printable(check.os)}, ${check.arch ?? ''}`],
    [t.label.latency, check.latencyMs === undefined ? undefined : formatDuration(check.latencyMs)],
    [t.label.handshakes, check.handshakes?.toString()],
    [t.label.state, check.stateRoot],
    [
      t.label.docker,
      docker?.reachable ? t.dockerVersion({version: docker.version, way: t.dockerBy[docker.by]}) : undefined,
    ],
  ];
  const shown = rows.filter((row): row is [string, string] => row[1] !== undefined && row[1] !== '');
  const lines = [title, keyValues(shown, '  ')];
  if (docker?.reachable === false) lines.push(presentProblem(texts, docker.error));
  return lines.join('\n');
}

function presentProblem({cli: t}: Texts, {message, why, try: next}: HostProblem): string {
  const steps = next.map((command) => styleText('cyan', command));
  return [message, ...(why === undefined ? [] : [why]), ...steps.map((step) => `${t.tryLabel} ${step}`)]
    .map((line) => `  ${line}`)
    .join('\n');
}
