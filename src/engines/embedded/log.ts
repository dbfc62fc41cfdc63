/** Plain lines with an ISO time: the supervisor keeps them, the dictionary of causes reads them. Never a prompt. */
export interface Log {
  info(text: string): void;
  warn(text: string): void;
  error(text: string): void;
}

export function lineLog(out: NodeJS.WritableStream, err: NodeJS.WritableStream): Log {
  const line = (level: string, text: string): string => `${new Date().toISOString()} ${level} ${text}\n`;
  return {
    info: (text) => void out.write(line('info', text)),
    warn: (text) => void err.write(line('warn', text)),
    error: (text) => void err.write(line('error', text)),
  };
}
