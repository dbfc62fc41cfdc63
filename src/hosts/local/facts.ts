import {readFile} from 'node:fs/promises';
import {arch, hostname, release, type} from 'node:os';
import {userName} from '../../base/user.ts';
import type {HostFacts} from '../host.ts';

/** What this machine is. */
export async function localFacts(): Promise<HostFacts> {
  return {
    hostname: hostname(),
    platform: process.platform,
    os: await operatingSystem(),
    arch: arch(),
    user: userName(),
  };
}

/** `PRETTY_NAME` of os-release(5), else kernel name and version. */
async function operatingSystem(): Promise<string> {
  const text = await readFile('/etc/os-release', 'utf8').catch(() => '');
  return /^PRETTY_NAME="?([^"\n]+)"?$/m.exec(text)?.[1] ?? `${type()} ${release()}`;
}
