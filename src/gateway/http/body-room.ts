import {bodiesFull} from './api-error.ts';

/** What one request holds of the room; disposing gives it back. */
export interface BodyHold extends Disposable {
  /** Throws 429 in OpenAI's shape when so many bytes more would not fit now; takes nothing. */
  check(moreBytes: number): void;
  /** Takes so many bytes more, or throws as `check` does. */
  grow(moreBytes: number): void;
}

/** Memory for request bodies, shared by all requests from their first byte to the end of their answer. */
export class BodyRoom {
  readonly #limitBytes: number;
  #heldBytes = 0;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  hold(): BodyHold {
    let mine = 0;
    const check = (more: number): void => {
      if (this.#heldBytes + more > this.#limitBytes) throw bodiesFull(this.#limitBytes);
    };
    return {
      check,
      // What is held is what has come, not what a client says that it will send: saying so costs it nothing.
      grow: (more) => {
        check(more);
        mine += more;
        this.#heldBytes += more;
      },
      [Symbol.dispose]: () => {
        this.#heldBytes -= mine;
        mine = 0;
      },
    };
  }
}
