/**
 * The command line that makes a POSIX shell run exactly this argv: nothing in it is expanded, split or taken for
 * a keyword. sshd hands one text to the user's login shell, so there is no other way to name arguments.
 */
export function commandLine(argv: readonly [string, ...string[]]): string {
  const [program, ...rest] = argv;
  // `exec` puts the program in the shell's place, so that a signal reaches it. The first word is always quoted:
  // an unquoted one could be an alias, a keyword or an assignment.
  return ['exec', quoted(program), ...rest.map((word) => (PLAIN.test(word) ? word : quoted(word)))].join(' ');
}

const PLAIN = /^[A-Za-z0-9_@:,./-]+$/;

function quoted(word: string): string {
  if (word.includes('\0')) throw new RangeError('An argument of a program cannot contain a NUL byte.');
  return `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
