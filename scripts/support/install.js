// Plain JavaScript for Node 20 without dependencies: this runs before anything is installed.
import {spawn} from 'node:child_process';
import {existsSync, lstatSync, readFileSync} from 'node:fs';
import {fileURLToPath} from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** The Node that runs Berth: this one when it is new enough, else the one that npm has installed. */
export function ownNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  return major > 24 || (major === 24 && minor >= 12) ? process.execPath : `${root}node_modules/node/bin/node`;
}

/**
 * Installs the packages that package-lock.json names, unless exactly they are there. Packages that are a link
 * belong to another checkout: npm would empty that one, so they are never touched.
 */
export async function ensureInstalled() {
  if (isInstalled()) return;
  if (isLink(`${root}node_modules`)) {
    fail(
      'node_modules is a link to the packages of another checkout, and they are not those that package-lock.json ' +
        'names. Nothing was changed. Try npm ci in that checkout, or remove the link and run this again.',
      1,
    );
  }
  const started = Date.now();
  console.error('Installing packages…');
  const {code, interrupted} = await npmCi();
  if (interrupted) fail('Interrupted while installing; the next run starts over.', 130);
  if (code !== 0) fail('npm ci has failed (see above). Try again: npm ci', code ?? 1);
  if (!isInstalled()) fail('The packages are incomplete after npm ci. Try: rm -rf node_modules && npm ci', 1);
  console.error(`Installed packages in ${((Date.now() - started) / 1000).toFixed(0)} s.`);
}

/** @returns {Promise<{code: number | null, interrupted: boolean}>} */
function npmCi() {
  // The old system Node only runs npm, so warnings that packages want a newer one would mislead.
  const npm = spawn('npm', ['ci', '--loglevel=error', '--no-audit', '--no-fund', '--prefer-offline'], {
    cwd: root,
    // What is left out of a production install is needed here.
    env: {...process.env, npm_config_engine_strict: 'false', npm_config_omit: '', NODE_ENV: ''},
    stdio: ['ignore', 'ignore', 'inherit'],
    shell: process.platform === 'win32',
  });
  // Interrupted, npm takes away what it has made. Ending before it would let the next run collide with that.
  let interrupted = false;
  const wait = () => {
    interrupted = true;
  };
  const end = () => {
    interrupted = true;
    npm.kill('SIGTERM');
  };
  process.on('SIGINT', wait).on('SIGTERM', end);
  return new Promise((resolve) => {
    npm.on('error', (error) => fail(`npm cannot be started: ${error.message}`, 1));
    npm.on('exit', (code) => {
      process.off('SIGINT', wait).off('SIGTERM', end);
      resolve({code, interrupted});
    });
  });
}

/**
 * npm writes its hidden lockfile last, so an interrupted install leaves none or an old one. Packages for
 * other platforms are rightly missing.
 */
function isInstalled() {
  const installed = packagesIn('node_modules/.package-lock.json');
  const wanted = packagesIn('package-lock.json');
  if (!installed || !wanted || !existsSync(ownNode())) return false;
  return Object.entries(wanted).every(
    ([path, {version, optional, devOptional}]) =>
      path === '' ||
      installed[path]?.version === version ||
      (installed[path] === undefined && (optional === true || devOptional === true)),
  );
}

/** @param {string} path */
const isLink = (path) => lstatSync(path, {throwIfNoEntry: false})?.isSymbolicLink() ?? false;

/** @param {string} file @returns {Record<string, {version?: string, optional?: boolean, devOptional?: boolean}> | undefined} */
function packagesIn(file) {
  if (!existsSync(root + file)) return undefined;
  try {
    return JSON.parse(readFileSync(root + file, 'utf8')).packages;
  } catch (error) {
    // Half a file is what an interrupted install leaves.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** @param {string} message @param {number} code @returns {never} */
function fail(message, code) {
  console.error(message);
  process.exit(code);
}
