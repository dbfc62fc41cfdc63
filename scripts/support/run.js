import {spawn} from 'node:child_process';
import {ownNode, root} from './install.js';

/**
 * Runs a program of the checkout with the right Node, in this terminal.
 * @param {string} program path below the root
 * @param {readonly string[]} args
 * @returns {Promise<number>} its exit code; 128 + n for a signal, as shells count
 */
export function runHere(program, args) {
  const child = spawn(ownNode(), [root + program, ...args], {cwd: root, stdio: 'inherit'});
  // Ctrl-C reaches the child by itself on a terminal; this process must only wait for its answer.
  process.on('SIGINT', () => process.stdin.isTTY || child.kill('SIGINT'));
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code, signal) => resolve(code ?? (signal === 'SIGINT' ? 130 : 143)));
  });
}

/**
 * Runs a program of the checkout and keeps what it prints.
 * @param {string} program path below the root
 * @param {readonly string[]} args
 * @returns {Promise<{code: number, output: string}>}
 */
export function runQuietly(program, args) {
  const child = spawn(ownNode(), [root + program, ...args], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {...process.env, ...(process.stdout.isTTY ? {FORCE_COLOR: '1'} : {NO_COLOR: '1'})},
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      output += text;
    });
  }
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({code: code ?? 1, output}));
  });
}
