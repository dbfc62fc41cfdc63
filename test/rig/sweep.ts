import {docker, run} from './docker.ts';
import {alive} from './lock.ts';
import {label} from './names.ts';

/** Which of this checkout's hosts go: those whose test run has ended, those of one run, or a person's. */
export type Sweep = 'of ended runs' | 'of a person' | {run: string};

/** Removes hosts, their disks and their networks. */
export async function sweep(which: Sweep): Promise<void> {
  const goes = (owner: string): boolean => {
    if (which === 'of a person') return owner === 'person';
    if (which === 'of ended runs') return owner !== 'person' && !alive(Number(owner));
    return owner === which.run;
  };
  for (const name of await labelled(['ps', '--all', '--format', '{{.Names}}'], goes)) {
    await docker(['rm', '--force', '--volumes', name]);
    // Its Docker engine was killed with it and could not tidy its control groups.
    const folders =
      'find /sys/fs/cgroup -depth -type d -path "/sys/fs/cgroup*/$1*" -exec rmdir {} + 2>/dev/null';
    await run(['sh', '-c', folders, 'sweep', name]);
  }
  for (const name of await labelled(['network', 'ls', '--format', '{{.Name}}'], goes))
    await docker(['network', 'rm', name]);
}

async function labelled(list: readonly string[], goes: (owner: string) => boolean): Promise<string[]> {
  const [command, ...rest] = list;
  const format = rest.map((word) =>
    word.startsWith('{{') ? `${word} {{.Label "dev.berth.rig.owner"}}` : word,
  );
  const lines = await docker([command ?? '', ...format, '--filter', `label=${label}`]);
  return lines
    .split('\n')
    .map((line) => line.split(' '))
    .filter(([name, owner]) => name && owner && goes(owner))
    .map(([name]) => name ?? '');
}
