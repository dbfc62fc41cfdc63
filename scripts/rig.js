// `npm run rig [-- up|down|status|ssh rig1|build|llama-server]`: the rig for people, with the Node that Berth runs on.
// Plain JavaScript, because an old system Node starts it.
import {spawnSync} from 'node:child_process';
import {existsSync} from 'node:fs';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const node = join(root, 'node_modules', 'node', 'bin', 'node');

/**
 * @param {string} command
 * @param {string[]} args
 */
function run(command, args) {
  const {status, error} = spawnSync(command, args, {cwd: root, stdio: 'inherit'});
  if (error) console.error(`${command}: ${error.message}`);
  if (status !== 0) process.exit(status ?? 1);
}

if (!existsSync(node)) run('npm', ['ci', '--no-audit', '--no-fund']);
run(node, [join('test', 'rig', 'main.ts'), ...process.argv.slice(2)]);
