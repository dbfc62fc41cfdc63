/** What a hub says of a file before it sends it. */
export interface Claim {
  totalBytes: number;
  /** What the content is: `sha256:<hex>`, or `git:<hex>` for a small file of which a hub tells only git's own hash. */
  id: string;
}

export const sameClaim = (a: Claim | undefined, b: Claim | undefined): boolean =>
  a !== undefined && a.id === b?.id && a.totalBytes === b.totalBytes;

const sha256Id = (hex: string): string => `sha256:${hex.toLowerCase()}`;

/** Undefined for what is no SHA-256 in hex. */
export const asSha256Id = (hex: string | undefined): string | undefined =>
  hex !== undefined && /^[0-9a-f]{64}$/i.test(hex) ? sha256Id(hex) : undefined;

/** Undefined for what is no SHA-1 in hex. */
export const asGitId = (hex: string | undefined): string | undefined =>
  hex !== undefined && /^[0-9a-f]{40}$/i.test(hex) ? `git:${hex.toLowerCase()}` : undefined;

/** Undefined unless both parts are there and can be. */
export function makeClaim(totalBytes: number, id: string | undefined): Claim | undefined {
  return id !== undefined && Number.isSafeInteger(totalBytes) && totalBytes >= 0
    ? {totalBytes, id}
    : undefined;
}

/**
 * The claim to hold a hub to when the content is known beforehand. A hub that tells only git's hash cannot
 * be compared before the file is here, but its size can. Undefined when the hub has something else.
 */
export function underPin(
  claim: Claim,
  pin: {totalBytes?: number | undefined; sha256?: string | undefined},
): Claim | undefined {
  if (pin.totalBytes !== undefined && pin.totalBytes !== claim.totalBytes) return undefined;
  if (pin.sha256 === undefined) return claim;
  const id = sha256Id(pin.sha256);
  return claim.id === id || claim.id.startsWith('git:') ? {totalBytes: claim.totalBytes, id} : undefined;
}
