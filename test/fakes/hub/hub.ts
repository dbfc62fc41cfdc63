/**
 * A model hub that speaks the download protocols of Hugging Face (and its mirrors) and ModelScope, and misbehaves on
 * command: redirects to a CDN of another origin, ranges, LFS pointers and headers, lists, tokens, rate limits.
 */
import {createServer, type IncomingMessage, type Server, type ServerResponse} from 'node:http';
import type {AddressInfo} from 'node:net';
import {inMemory, spoiled, type FakeFile} from './files.ts';
import type {Misbehaviour} from './misbehaviour.ts';

export type {Misbehaviour} from './misbehaviour.ts';

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
  /** Put another content in place, at every path. */
  serve(content: Uint8Array): void;
  /** Everything asked so far, at hub and CDN. */
  asked: Asked[];
  /** Bytes of file content sent so far. */
  sentBytes: number;
  close(): Promise<void>;
}

/** One content at any path, or files by their paths; in every repository, at every revision. */
export async function startFakeHub(
  content: Uint8Array | Record<string, FakeFile>,
  misbehave: Misbehaviour = {},
): Promise<FakeHub> {
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
  #files: Map<string, FakeFile>;
  #answered = 0;
  readonly #servers: Server[];

  constructor(content: Uint8Array | Record<string, FakeFile>, misbehave: Misbehaviour) {
    this.#files = new Map(
      content instanceof Uint8Array ? [['*', inMemory(content)]] : Object.entries(content),
    );
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
      handler((request, response) => this.#cdn(request, response)),
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
    this.#files = new Map([['*', inMemory(content)]]);
  }

  async close(): Promise<void> {
    for (const server of this.#servers) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  }

  #file(path: string): FakeFile | undefined {
    return this.#files.get(path) ?? this.#files.get('*');
  }

  #claimed = (file: FakeFile): number => file.size + (this.misbehave.claimExtraBytes ?? 0);

  async #front(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const {html, redirectLoop, status, token, delayMs, retryAfterSeconds} = this.misbehave;
    if (delayMs !== undefined) await new Promise((resolve) => setTimeout(resolve, delayMs));
    const url = new URL(request.url ?? '/', this.url);
    const [, resolved] = /\/resolve\/[^/]+\/(.+)$/.exec(decodeURIComponent(url.pathname)) ?? [];
    const [, pointed] = /\/raw\/[^/]+\/(.+)$/.exec(decodeURIComponent(url.pathname)) ?? [];
    if (html) response.setHeader('content-type', 'text/html').end('<html>Please log in</html>');
    else if (redirectLoop) response.writeHead(302, {location: url.pathname}).end();
    else if (status !== undefined && this.#stillWrong()) {
      if (retryAfterSeconds !== undefined) response.setHeader('retry-after', retryAfterSeconds);
      response.writeHead(status).end();
    } else if (token !== undefined && request.headers.authorization !== `Bearer ${token}`) {
      response.writeHead(request.headers.authorization === undefined ? 401 : 403).end();
    } else if (url.pathname.startsWith('/api/v1/models/')) this.#modelScope(url, response);
    else if (url.pathname.startsWith('/api/models/')) this.#tree(response);
    else if (resolved !== undefined) await this.#resolve(resolved, request, response);
    else if (pointed !== undefined) this.#pointer(pointed, response);
    else response.writeHead(404).end();
  }

  /** `…/resolve/<revision>/<path>`: what the file is in headers, and a redirect to the CDN; or a small file itself. */
  async #resolve(path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const file = this.#file(path);
    if (!file) return void response.writeHead(404).end();
    const {deadCdn, noLinkedHeaders} = this.misbehave;
    response.setHeader('x-repo-commit', 'f'.repeat(40));
    if (!file.lfs) {
      if (request.method !== 'HEAD') return this.#send(request, response, file, `"${file.gitHash}"`);
      response.writeHead(200, {etag: `"${file.gitHash}"`, 'content-length': file.size}).end();
      return;
    }
    const linked = {'x-linked-etag': `"${file.sha256}"`, 'x-linked-size': String(this.#claimed(file))};
    response
      .writeHead(302, {
        ...(noLinkedHeaders ? {} : linked),
        location: `${deadCdn ? 'http://127.0.0.1:9' : this.cdnUrl}/${encodeURIComponent(path)}?signature=1`,
      })
      .end();
  }

  #pointer(path: string, response: ServerResponse): void {
    const file = this.#file(path);
    if (!file) return void response.writeHead(404).end();
    response.end(
      `version https://git-lfs.github.com/spec/v1\noid sha256:${file.sha256}\nsize ${this.#claimed(file)}\n`,
    );
  }

  /** `/api/models/<repository>/tree/<revision>`. */
  #tree(response: ServerResponse): void {
    const tree = [...this.#files].map(([path, file]) => ({
      type: 'file',
      path,
      size: file.size,
      oid: file.gitHash,
      ...(file.lfs && {lfs: {oid: file.sha256, size: this.#claimed(file), pointerSize: 134}}),
    }));
    response
      .setHeader('content-type', 'application/json')
      .end(JSON.stringify([{type: 'directory', path: 'original', size: 0, oid: ''}, ...tree]));
  }

  /** `…/repo/files` lists, `…/repo?FilePath=` sends. */
  #modelScope(url: URL, response: ServerResponse): void {
    if (!url.pathname.endsWith('/files')) {
      const path = url.searchParams.get('FilePath') ?? '';
      const origin = this.misbehave.deadCdn ? 'http://127.0.0.1:9' : this.cdnUrl;
      response.writeHead(302, {location: `${origin}/${encodeURIComponent(path)}`}).end();
      return;
    }
    const files = [...this.#files].map(([path, file]) => ({
      Type: 'blob',
      Path: path === '*' ? 'model.gguf' : path,
      Size: this.#claimed(file),
      Sha256: file.sha256,
    }));
    const readme = {Type: 'blob', Path: 'README.md', Size: 3};
    const body = {
      Code: 200,
      Success: true,
      Data: {Files: [{Type: 'tree', Path: 'original', Size: 0}, readme, ...files]},
    };
    response.setHeader('content-type', 'application/json').end(JSON.stringify(body));
  }

  async #cdn(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = decodeURIComponent(new URL(request.url ?? '/', this.cdnUrl).pathname.slice(1));
    const file = this.#file(path);
    if (!file) return void response.writeHead(404).end();
    if (this.misbehave.htmlFile) {
      response.setHeader('content-type', 'text/html; charset=utf-8').end('<html>Please log in</html>');
      return;
    }
    await this.#send(request, response, file, `"${file.sha256.slice(0, 16)}"`);
  }

  async #send(
    request: IncomingMessage,
    response: ServerResponse,
    file: FakeFile,
    tag: string,
  ): Promise<void> {
    const {extraLength = 0, wrongBytes, noRanges, changes, shiftRange = 0} = this.misbehave;
    const changed = changes === true && this.#answered++ > 0;
    const etag = changed ? `"changed-${this.#answered}"` : tag;
    const range = noRanges ? undefined : rangeOf(request, etag, file.size);
    const total = file.size + extraLength;
    const [start, end] = range ? [range.start + shiftRange, range.end] : [0, file.size];
    const head = {
      etag,
      'content-type': 'application/octet-stream',
      'accept-ranges': 'bytes',
      'content-length': end - start + extraLength,
    };
    if (range) {
      response.writeHead(206, {...head, 'content-range': `bytes ${start}-${end + extraLength - 1}/${total}`});
    } else response.writeHead(200, head);
    if (request.method === 'HEAD') return void response.end();
    await this.#pour(response, wrongBytes || changed ? spoiled(file) : file, start, end);
  }

  async #pour(response: ServerResponse, file: FakeFile, start: number, end: number): Promise<void> {
    const {dropAfterBytes, stallAfterBytes, bytesPerSecond, cuts} = this.misbehave;
    const cut = cuts?.shift();
    const after = cut ?? dropAfterBytes ?? stallAfterBytes;
    const wrong = after !== undefined && (cut !== undefined || this.#stillWrong()) && start + after < end;
    const limit = wrong ? start + after : end;
    const piece = bytesPerSecond === undefined ? 2 ** 18 : Math.ceil(bytesPerSecond / 50);
    for (let at = start; at < limit && !response.destroyed; at += piece) {
      const part = file.read(at, Math.min(at + piece, limit));
      await new Promise((resolve) => response.write(part, resolve));
      this.sentBytes += part.length;
      if (bytesPerSecond !== undefined) await new Promise((resolve) => setTimeout(resolve, 20));
    }
    if (!wrong) response.end();
    else if (cut !== undefined || dropAfterBytes !== undefined) response.destroy();
  }

  #stillWrong(): boolean {
    const {times} = this.misbehave;
    if (times === undefined) return true;
    this.misbehave.times = times - 1;
    return times > 0;
  }
}

/** The range that is asked for; undefined when the whole file is. */
function rangeOf(
  request: IncomingMessage,
  etag: string,
  size: number,
): {start: number; end: number} | undefined {
  const {range, 'if-range': condition} = request.headers;
  if (range === undefined || (condition !== undefined && condition !== etag)) return undefined;
  const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(range) ?? [];
  if (first === undefined) return undefined;
  return {start: Number(first), end: last === '' ? size : Math.min(size, Number(last) + 1)};
}
