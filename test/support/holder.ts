/** A real tenant: a process that holds as many bytes as it is told. */
import {spawn} from 'node:child_process';
import {once} from 'node:events';

const HOLD = `
  let kept;
  process.stdin.on('data', (text) => {
    kept = Buffer.alloc(Number(text) * 2 ** 20, 1);
  });
  console.log('ready');`;

export interface Holder extends Disposable {
  pid: number;
  /** It may be paused before it holds all of that, so nobody waits for it. */
  hold(mebibytes: number): void;
}

export async function holder(): Promise<Holder> {
  const child = spawn(process.execPath, ['-e', HOLD], {stdio: ['pipe', 'pipe', 'inherit']});
  await once(child.stdout, 'data');
  return {
    pid: child.pid ?? 0,
    hold: (mebibytes) => void child.stdin.write(`${mebibytes}\n`),
    [Symbol.dispose]: () => void child.kill('SIGKILL'),
  };
}
