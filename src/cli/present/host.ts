import type {Texts} from '../../base/texts/index.ts';
import {formatDuration} from '../../base/units.ts';
import type {HostList, HostReport} from '../host-report.ts';
import {keyValues, table} from '../table.ts';

export function presentHosts(t: Texts, {hosts}: HostList): string {
  return table(
    hosts.map((host) => [
      host.name,
      host.kind === 'local' ? t.remote.thisMachine : host.address,
      host.kind === 'local' ? '' : host.hostKeys.map((key) => key.fingerprint).join(' '),
    ]),
    {head: [t.remote.columnHost, t.remote.columnAddress, t.remote.columnKey]},
  );
}

export function presentHost(t: Texts, report: HostReport): string {
  const {sudo} = report;
  const rights = sudo === 'root' ? t.remote.root : sudo === 'allowed' ? t.remote.withSudo : t.remote.withoutSudo;
  return keyValues([
    [t.remote.labelHost, report.host],
    [t.remote.labelAddress, report.address ?? t.remote.thisMachine],
    [t.remote.labelSystem, `${report.os}, ${report.arch}`],
    [t.remote.labelUser, `${report.user} (${rights})`],
    [t.remote.labelState, report.stateRoot],
    ...(report.connectedMs === undefined
      ? []
      : [[t.remote.labelConnected, formatDuration(report.connectedMs)] as const]),
  ]);
}
