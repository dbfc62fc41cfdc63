import {Agent} from 'node:http';
import type {Duplex} from 'node:stream';

/** What node:http asks of a socket and a plain stream (an SSH channel) lacks. */
const SOCKET_METHODS = ['ref', 'unref', 'setKeepAlive', 'setNoDelay', 'setTimeout'] as const;
/** Streams kept open for later calls. There is no limit to those in use: a limit plus long answers is a deadlock. */
const IDLE_STREAMS = 4;

/** Speaks HTTP over streams from `connect`, using each for one request after the other; keeps a few that are idle. */
export function streamAgent(connect: () => Promise<Duplex>, idleStreams = IDLE_STREAMS): Agent {
  return new StreamAgent(connect, idleStreams);
}

class StreamAgent extends Agent {
  readonly #connect: () => Promise<Duplex>;

  constructor(connect: () => Promise<Duplex>, idleStreams: number) {
    super({keepAlive: true, maxFreeSockets: idleStreams});
    this.#connect = connect;
  }

  override createConnection(
    _options: unknown,
    done: (error: Error | null, stream: Duplex) => void,
  ): undefined {
    void this.#connect().then(
      (stream) => done(null, likeSocket(stream)),
      // The callback's type knows no missing stream, though node:http calls it so.
      (error: unknown) => (done as (error: unknown) => void)(error),
    );
  }
}

function likeSocket(stream: Duplex): Duplex {
  for (const name of SOCKET_METHODS) {
    if (!(name in stream)) Object.defineProperty(stream, name, {value: () => stream});
  }
  return stream;
}
