import {spawnSync} from 'node:child_process';
import {docker} from './docker.ts';
import type {RigHost} from './host.ts';
import {rigImages} from './image.ts';
import {rigKeys} from './keys.ts';
import {buildLlamaServer} from './llama-server.ts';
import {label, prefix} from './names.ts';
import {missingForRig} from './needs-docker.ts';
import {openRig} from './rig.ts';
import {sweep} from './sweep.ts';

const USAGE = `usage: npm run rig                    start two hosts and say how to reach them
       npm run rig -- status          what of the rig runs on this machine
       npm run rig -- ssh rig1 [user] a shell on a host
       npm run rig -- down            remove the hosts and their disks
       npm run rig -- build           only build the images that hosts are made of
       npm run rig -- llama-server    build a real llama-server for CPUs, and print its path`;

async function up(): Promise<void> {
  await using rig = await openRig({hosts: 2, owner: 'person', say: (line) => console.error(line)});
  for (const host of rig.hosts) {
    await host.gpu.plugIn();
    await host.baseImage();
  }
  const told = await Promise.all(rig.hosts.map(tell));
  console.log(told.join('\n\n'));
  console.log(`
Users: ops (docker group), admin (sudo), plain (neither), root. The GPU of each host is a double: nvidia-smi
answers, nothing computes. The base image to build from is ${await rig.hosts[0].baseImage()}.

Next:  npm run rig -- ssh rig1
       npx berth host add rig1 ssh://ops@${rig.hosts[0].address} --identity ${rig.hosts[0].keyFile}
       npm run rig -- down`);
}

async function tell(host: RigHost): Promise<string> {
  return `${host.name}  ssh -i ${host.keyFile} ops@${host.address}\n      host key ${await host.hostKeyFingerprint()}`;
}

async function status(): Promise<void> {
  const format = 'table {{.Names}}\t{{.Status}}\t{{.Label "dev.berth.rig.owner"}}';
  console.log(await docker(['ps', '--all', '--filter', `label=${label}`, '--format', format]));
}

async function shell(name = 'rig1', user = 'ops'): Promise<number> {
  const container = `${prefix('person')}-${name}`;
  const address = await docker([
    'inspect',
    '--format',
    '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}',
    container,
  ]);
  const {keyFile} = await rigKeys();
  const unpinned = [
    '-o',
    'StrictHostKeyChecking=no',
    '-o',
    'UserKnownHostsFile=/dev/null',
    '-o',
    'LogLevel=ERROR',
  ];
  return spawnSync('ssh', [...unpinned, '-i', keyFile, `${user}@${address}`], {stdio: 'inherit'}).status ?? 1;
}

async function main(verb = 'up', ...rest: string[]): Promise<number> {
  if (verb === 'llama-server') {
    console.log(await buildLlamaServer());
    return 0;
  }
  const missing = await missingForRig();
  if (missing !== undefined) {
    console.error(`No rig here: ${missing}.\nTry:  .ci/docker.sh`);
    return 1;
  }
  switch (verb) {
    case 'up':
      await up();
      return 0;
    case 'down':
      await sweep('of a person');
      return 0;
    case 'status':
      await status();
      return 0;
    case 'ssh':
      return shell(...rest);
    case 'build':
      await rigImages((line) => console.error(line));
      return 0;
    default:
      console.error(USAGE);
      return verb === 'help' ? 0 : 2;
  }
}

process.exitCode = await main(...process.argv.slice(2));
