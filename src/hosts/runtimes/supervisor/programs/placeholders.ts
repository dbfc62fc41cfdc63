/** What is new at each start of an engine: where it listens, and the secret its clients must send. */
export interface Access {
  address: string;
  port: number;
  token: string;
}

/** Puts them where a spec says `{address}`, `{port}` and `{token}`. */
const fill = (text: string, {address, port, token}: Access): string =>
  text.replaceAll('{address}', address).replaceAll('{port}', String(port)).replaceAll('{token}', token);

export function fillArgv(argv: readonly [string, ...string[]], access: Access): [string, ...string[]] {
  const [program, ...args] = argv;
  return [fill(program, access), ...args.map((word) => fill(word, access))];
}

export const fillEnvironment = (
  env: Readonly<Record<string, string>>,
  access: Access,
): Record<string, string> =>
  Object.fromEntries(Object.entries(env).map(([name, text]) => [name, fill(text, access)]));
