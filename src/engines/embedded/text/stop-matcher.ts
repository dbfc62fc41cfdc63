/**
 * Finds stop strings in text that arrives in pieces. Text that could be the beginning of a stop string
 * is held back until it is known, so no part of one is ever shown.
 */
export class StopMatcher {
  readonly #stops: readonly string[];
  readonly #longest: number;
  #held = '';

  constructor(stops: readonly string[]) {
    this.#stops = stops;
    this.#longest = Math.max(0, ...stops.map((stop) => stop.length));
  }

  /** What may be shown now, and whether a stop string was found (nothing more may be shown then). */
  push(piece: string): {text: string; stopped: boolean} {
    if (this.#longest === 0) return {text: piece, stopped: false};
    const text = this.#held + piece;
    const found = this.#earliest(text);
    if (found !== undefined) {
      this.#held = '';
      return {text: text.slice(0, found), stopped: true};
    }
    const safe = this.#safeLength(text);
    this.#held = text.slice(safe);
    return {text: text.slice(0, safe), stopped: false};
  }

  /** The text still held, once no more can come. */
  end(): string {
    const rest = this.#held;
    this.#held = '';
    return rest;
  }

  #earliest(text: string): number | undefined {
    const places = this.#stops.map((stop) => text.indexOf(stop)).filter((place) => place >= 0);
    return places.length > 0 ? Math.min(...places) : undefined;
  }

  /** Length of the part that can no longer become the beginning of a stop string. */
  #safeLength(text: string): number {
    for (let start = Math.max(0, text.length - this.#longest + 1); start < text.length; start++) {
      const tail = text.slice(start);
      if (this.#stops.some((stop) => stop.startsWith(tail))) return start;
    }
    return text.length;
  }
}
