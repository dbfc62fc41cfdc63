/** The API of Docker in plain HTTP, for the watch, which has to stay small: the library is not. */
import {once} from 'node:events';
import type {IncomingMessage} from 'node:http';
import {buffer, json} from 'node:stream/consumers';
import type {Duplex} from 'node:stream';
import type {ContainerCreateOptions} from 'dockerode';

/** Each call has a stream of its own. Throws when Docker refuses, does not answer, or the signal aborts. */
export interface PlainDocker {
  connect: () => Promise<Duplex>;
  signal: AbortSignal;
}

async function ask(
  {connect, signal}: PlainDocker,
  method: 'GET' | 'POST',
  path: string,
  body?: object,
): Promise<IncomingMessage> {
  // Where nobody asks Docker, a watch stays 6 MB smaller.
  const {request} = await import('node:http');
  const stream = await connect();
  const headers = {host: 'docker', 'content-type': 'application/json', connection: 'close'};
  const asked = request({createConnection: () => stream, method, path, headers, signal});
  asked.end(body && JSON.stringify(body));
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  if ((answer.statusCode ?? 500) < 300) return answer;
  const {message} = (await json(answer)) as {message?: string};
  throw new Error(message ?? `HTTP ${answer.statusCode}`);
}

/** Names of the containers that run, by id. */
export async function runningContainers(docker: PlainDocker): Promise<ReadonlyMap<string, string>> {
  const running = (await json(await ask(docker, 'GET', '/containers/json'))) as {
    Id: string;
    Names: string[];
  }[];
  return new Map(running.map(({Id, Names: [name = Id]}) => [Id, name.replace(/^\//, '')]));
}

/** Runs the program of a container, to its end, and removes the container: what it wrote to stdout. */
export async function runToEnd(
  docker: PlainDocker,
  container: ContainerCreateOptions,
): Promise<{code: number; stdout: string}> {
  const created = await ask(docker, 'POST', '/containers/create', {
    ...container,
    HostConfig: {...container.HostConfig, AutoRemove: true},
  });
  const {Id: id} = (await json(created)) as {Id: string};
  // Both asked before the start, so that the first line and the end are not missed.
  const output = await ask(docker, 'POST', `/containers/${id}/attach?stream=1&stdout=1&stderr=1`);
  const ended = await ask(docker, 'POST', `/containers/${id}/wait?condition=next-exit`);
  await ask(docker, 'POST', `/containers/${id}/start`);
  const [bytes, end] = await Promise.all([buffer(output), json(ended)]);
  return {code: (end as {StatusCode: number}).StatusCode, stdout: stdoutIn(bytes)};
}

/** The image that a container was made of. */
export async function imageOf(docker: PlainDocker, container: string): Promise<string> {
  const seen = await json(await ask(docker, 'GET', `/containers/${encodeURIComponent(container)}/json`));
  return (seen as {Image: string}).Image;
}

const HEADER_BYTES = 8;
const STDOUT = 1;

/**
 * What a program wrote to stdout, of an output in frames: its stream (a byte, three of nothing), its length (four
 * bytes), its bytes. Source: "Attach to a container" in the API of Docker. Pure.
 */
export function stdoutIn(output: Buffer): string {
  const parts: Buffer[] = [];
  for (let at = 0; at + HEADER_BYTES <= output.length;) {
    const end = at + HEADER_BYTES + output.readUInt32BE(at + 4);
    if (output[at] === STDOUT) parts.push(output.subarray(at + HEADER_BYTES, end));
    at = end;
  }
  return Buffer.concat(parts).toString('utf8');
}
