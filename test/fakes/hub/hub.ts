/**
 * A model hub that speaks the download protocols of Hugging Face and ModelScope, and misbehaves on command.
 * One file, at any repository and revision, by its path.
 */
import {createHash} from 'node:crypto';
import {createServer, type IncomingMessage, type Server, type ServerResponse} from 'node:http';
import type {AddressInfo} from 'node:net';

/** What goes wrong. Those with `times` go wrong that often, then no more. */
export interface Misbehaviour {
  /** Cuts the connection after so many bytes of each answer. */
  dropAfterBytes?: number;
  /** Goes silent after so many bytes of each answer. */
  stallAfterBytes?: number;
  /** How many answers are dropped or stalled; all when undefined. */
  times?: number;
  /** Content-Length and Content-Range say this much more than there is. */
  extraLength?: number;
  /** The claim says this many bytes more than there are. */
  claimExtraBytes?: number;
  /** Other bytes than claimed, of the same length. */
  wrongBytes?: boolean;
  /** A web page with 200 wherever the file or its description is asked for. */
  html?: boolean;
  redirectLoop?: boolean;
  /** This status for every question; `times` bounds how often. */
  status?: 401 | 403 | 404 | 429 | 500 | 503;
  retryAfterSeconds?: number;
  /** Answers only to this bearer token. */
  token?: string;
  /** Ignores Range and If-Range. */
  noRanges?: boolean;
  /** Milliseconds before each answer. */
  delayMs?: number;
  /** Bytes a second, so that somebody can be killed in the middle. */
  bytesPerSecond?: number;
}

interface Asked {
  method: string;
  path: string;
  authorization: string | undefined;
  range: string | undefined;
}

export interface FakeHub {
  /** `http://127.0.0.1:<port>`: for HF_ENDPOINT and MODELSCOPE_ENDPOINT alike. */
  url: string;
  /** Where the files really lie, another origin. */
  cdnUrl: string;
  /** Change at will; the next answer obeys. */
  misbehave: Misbehaviour;
  /** Put another content in place. */
  serve(content: Uint8Array): void;
  /** Everything asked so far, at hub and CDN. */
  asked: Asked[];
  /** Bytes of file content sent so far. */
  sentBytes: number;
  close(): Promise<void>;
}

export async function startFakeHub(content: Uint8Array, misbehave: Misbehaviour = {}): Promise<FakeHub> {
  const hub = new Hub(content, misbehave);
  await hub.listen();
  return hub;
}

class Hub implements FakeHub {
  url = '';
  cdnUrl = '';
  misbehave: Misbehaviour;
  asked: Asked[] = [];
  sentBytes = 0;
  #content: Uint8Array;
  readonly #servers: Server[];

  constructor(content: Uint8Array, misbehave: Misbehaviour) {
    this.#content = content;
    this.misbehave = misbehave;
    const handler = (answer: (request: IncomingMessage, response: ServerResponse) => Promise<void>) =>
      createServer((request, response) => {
        const {method = '', url: path = '', headers} = request;
        const {authorization, range} = headers;
        this.asked.push({method, path, authorization, range});
        answer(request, response).catch(() => response.destroy());
      });
    this.#servers = [
      handler((request, response) => this.#front(request, response)),
      handler((request, response) => this.#file(request, response)),
    ];
  }

  async listen(): Promise<void> {
    const urls = await Promise.all(
      this.#servers.map(async (server) => {
        await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
        return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      }),
    );
    [this.url = '', this.cdnUrl = ''] = urls;
  }

  serve(content: Uint8Array): void {
    this.#content = content;
  }

  async close(): Promise<void> {
    for (const server of this.#servers) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  }

  get #sha256(): string {
    return createHash('sha256').update(this.#content).digest('hex');
  }

  get #claimedBytes(): number {
    return this.#content.length + (this.misbehave.claimExtraBytes ?? 0);
  }

  async #front(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const {html, redirectLoop, status, token, delayMs, retryAfterSeconds} = this.misbehave;
    if (delayMs !== undefined) await new Promise((resolve) => setTimeout(resolve, delayMs));
    const url = new URL(request.url ?? '/', this.url);
    if (html) response.setHeader('content-type', 'text/html').end('<html>Please log in</html>');
    else if (redirectLoop) response.writeHead(302, {location: url.pathname}).end();
    else if (status !== undefined && this.#stillWrong()) {
      if (retryAfterSeconds !== undefined) response.setHeader('retry-after', retryAfterSeconds);
      response.writeHead(status).end();
    } else if (token !== undefined && request.headers.authorization !== `Bearer ${token}`) {
      response.writeHead(401).end();
    } else if (url.pathname.startsWith('/api/v1/models/')) this.#modelScope(url, response);
    else if (url.pathname.includes('/resolve/')) this.#huggingFace(url, response);
    else response.writeHead(404).end();
  }

  /** `…/resolve/<revision>/<path>`: what the file is in headers, and a redirect to the CDN. */
  #huggingFace(url: URL, response: ServerResponse): void {
    response
      .writeHead(302, {
        'x-repo-commit': 'f'.repeat(40),
        'x-linked-etag': `"${this.#sha256}"`,
        'x-linked-size': String(this.#claimedBytes),
        location: `${this.cdnUrl}/${url.pathname.split('/').at(-1) ?? ''}?signature=1`,
      })
      .end();
  }

  /** `…/repo/files` lists, `…/repo?FilePath=` sends. */
  #modelScope(url: URL, response: ServerResponse): void {
    if (!url.pathname.endsWith('/files')) {
      const path = url.searchParams.get('FilePath') ?? '';
      response.writeHead(302, {location: `${this.cdnUrl}/${path}`}).end();
      return;
    }
    const file = {
      Type: 'blob',
      Path: 'model.gguf',
      Name: 'model.gguf',
      Size: this.#claimedBytes,
      Sha256: this.#sha256,
    };
    const body = {
      Code: 200,
      Success: true,
      Data: {Files: [{Type: 'blob', Path: 'README.md', Size: 3}, file]},
    };
    response.setHeader('content-type', 'application/json').end(JSON.stringify(body));
  }

  async #file(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const {extraLength = 0, wrongBytes, noRanges} = this.misbehave;
    const content = wrongBytes ? this.#content.map((byte) => byte ^ 1) : this.#content;
    const etag = `"${this.#sha256.slice(0, 16)}"`;
    const first = noRanges ? 0 : this.#rangeStart(request, etag);
    const head = {
      etag,
      'content-type': 'application/octet-stream',
      'accept-ranges': 'bytes',
      'content-length': content.length - first + extraLength,
    };
    const total = content.length + extraLength;
    if (first > 0) {
      response.writeHead(206, {...head, 'content-range': `bytes ${first}-${total - 1}/${total}`});
    } else response.writeHead(200, head);
    await this.#send(response, content.subarray(first));
  }

  #rangeStart(request: IncomingMessage, etag: string): number {
    const {range, 'if-range': condition} = request.headers;
    if (range === undefined || (condition !== undefined && condition !== etag)) return 0;
    return Number(/^bytes=(\d+)-$/.exec(range)?.[1] ?? 0);
  }

  async #send(response: ServerResponse, content: Uint8Array): Promise<void> {
    const {dropAfterBytes, stallAfterBytes, bytesPerSecond} = this.misbehave;
    const end = dropAfterBytes ?? stallAfterBytes;
    const wrong = end !== undefined && this.#stillWrong();
    const limit = wrong ? Math.min(end, content.length) : content.length;
    const piece = bytesPerSecond === undefined ? 65_536 : Math.ceil(bytesPerSecond / 50);
    for (let at = 0; at < limit && !response.destroyed; at += piece) {
      const part = content.subarray(at, Math.min(at + piece, limit));
      await new Promise((resolve) => response.write(part, resolve));
      this.sentBytes += part.length;
      if (bytesPerSecond !== undefined) await new Promise((resolve) => setTimeout(resolve, 20));
    }
    if (!wrong) response.end();
    else if (dropAfterBytes !== undefined) response.destroy();
  }

  #stillWrong(): boolean {
    const {times} = this.misbehave;
    if (times === undefined) return true;
    this.misbehave.times = times - 1;
    return times > 0;
  }
}
