import type {Agent} from 'node:http';
import type {Duplex} from 'node:stream';
import Dockerode from 'dockerode';
import {streamAgent} from './stream-agent.ts';

/** The library, asking over streams that `connect` opens. Destroy the agent to close idle streams. */
export function openRaw(connect: () => Promise<Duplex>): {raw: Dockerode; agent: Agent} {
  const agent = streamAgent(connect);
  // Every call goes through the agent. The path only keeps the library from reading DOCKER_HOST and from
  // building URLs, which would warn of a deprecation.
  const options = {host: undefined, socketPath: '/docker', protocol: 'http' as const, agent};
  return {raw: new Dockerode(options), agent};
}
