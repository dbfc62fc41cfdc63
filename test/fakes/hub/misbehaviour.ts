/** What goes wrong. Those with `times` go wrong that often, then no more. */
export interface Misbehaviour {
  /** Cuts the connection after so many bytes of each answer. */
  dropAfterBytes?: number;
  /** Goes silent after so many bytes of each answer. */
  stallAfterBytes?: number;
  /** How many answers are dropped, stalled or refused; all when undefined. */
  times?: number;
  /** The next answers of a file are cut after so many bytes each, one entry an answer; then no more. */
  cuts?: number[];
  /** Content-Length and Content-Range say this much more than there is. */
  extraLength?: number;
  /** The claim says this many bytes more than there are. */
  claimExtraBytes?: number;
  /** Other bytes than claimed, of the same length. */
  wrongBytes?: boolean;
  /** After its first answer the file is another one: other bytes and another ETag. */
  changes?: boolean;
  /** Sends a range that begins this many bytes later than asked for. */
  shiftRange?: number;
  /** A web page with 200 wherever the file or its description is asked for. */
  html?: boolean;
  /** A web page with 200 where the file itself is asked for; what it is, is told. */
  htmlFile?: boolean;
  redirectLoop?: boolean;
  /** Redirects to an address where nobody listens, as a mirror does that hands out addresses of a far CDN. */
  deadCdn?: boolean;
  /** Keeps `x-linked-etag` and `x-linked-size` to itself. */
  noLinkedHeaders?: boolean;
  /** This status for every question; `times` bounds how often. */
  status?: 401 | 403 | 404 | 429 | 500 | 503;
  retryAfterSeconds?: number;
  /** Answers only to this bearer token: 401 without one, 403 to another. */
  token?: string;
  /** Ignores Range and If-Range. */
  noRanges?: boolean;
  /** Milliseconds before each answer. */
  delayMs?: number;
  /** Bytes a second, so that somebody can be killed in the middle. */
  bytesPerSecond?: number;
}
