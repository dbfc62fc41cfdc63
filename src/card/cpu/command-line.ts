/** What stands for a secret in a command line. */
const CUT = '[redacted]';
const MAX_LENGTH = 200;

const SECRET_WORDS = new Set([
  'token',
  'key',
  'apikey',
  'secret',
  'password',
  'passwd',
  'pwd',
  'auth',
  'authorization',
  'credential',
  'credentials',
]);
/** `--api-key-file keys.json` names a place, not a secret. */
const PLACE_WORDS = new Set(['file', 'path', 'dir', 'folder', 'name', 'id', 'env', 'type', 'hash']);

/** Does an option or variable of this name (`--hf-token`, `API_KEY`) hold a secret? */
function namesSecret(name: string): boolean {
  const words = name
    .replace(/([a-z])([A-Z])/g, '$1-$2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '');
  return !PLACE_WORDS.has(words.at(-1) ?? '') && words.some((word) => SECRET_WORDS.has(word));
}

function cutWithin(argument: string): string {
  const assignment = /^(-{0,2}[A-Za-z][\w.-]*)=(.+)$/s.exec(argument);
  if (assignment?.[1] !== undefined && namesSecret(assignment[1])) return `${assignment[1]}=${CUT}`;
  return argument
    .replace(/\b(?:sk|pk|rk)-[\w-]{6,}/g, CUT)
    .replace(/\b(?:hf|ghp|gho|ghs|glpat|xox[a-z]|github_pat)[_-][\w-]{6,}/g, CUT)
    .replace(/\bBearer\s+\S+/gi, `Bearer ${CUT}`)
    .replace(/:\/\/[^/@\s]+@/g, `://${CUT}@`)
    .replace(/([?&](?:[\w-]*(?:token|key|secret|password|signature|sig))=)[^&\s]+/gi, `$1${CUT}`);
}

/**
 * A command line that can be shown: arguments that hold secrets are replaced (`--token x`, `API_KEY=x`,
 * `sk-…`, `https://user:password@…`), control characters become spaces, and long tails are cut.
 */
export function showCommand(argv: readonly string[]): string {
  const shown: string[] = [];
  let previous = '';
  for (const argument of argv) {
    const value = /^--?[A-Za-z]/.test(previous) && !previous.includes('=') && namesSecret(previous);
    shown.push(value && !argument.startsWith('--') ? CUT : cutWithin(argument));
    previous = argument;
  }
  // A process can put anything in its own command line: it must not steer the reader's terminal.
  // eslint-disable-next-line no-control-regex
  const line = shown.join(' ').replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ');
  const characters = Array.from(line.trim());
  return characters.length <= MAX_LENGTH
    ? characters.join('')
    : `${characters.slice(0, MAX_LENGTH - 1).join('')}…`;
}
