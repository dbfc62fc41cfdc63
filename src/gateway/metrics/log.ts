/** Lines are gathered this long, because a write for each would cost more than the request's own metering. */
const GATHER_MS = 50;

export interface Log {
  line(text: string): void;
  /** Writes what was gathered. */
  flush(): void;
}

export function openLog(write: (text: string) => void): Log {
  let gathered: string[] = [];
  let timer: NodeJS.Timeout | undefined;
  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (gathered.length === 0) return;
    const text = `${gathered.join('\n')}\n`;
    gathered = [];
    write(text);
  };
  return {
    line(text) {
      gathered.push(text);
      timer ??= setTimeout(flush, GATHER_MS);
    },
    flush,
  };
}
