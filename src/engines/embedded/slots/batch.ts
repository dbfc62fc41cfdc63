/** While answers are streaming, prompts are read in pieces this much smaller, so that the answers keep flowing. */
const POLITENESS = 4;

/**
 * How many prompt tokens each busy slot reads in the next step; 0 for one that answers.
 * `unread` are the slots' unread prompt tokens, the longest busy first.
 */
export function shareBatch(unread: readonly number[], batchTokens: number): number[] {
  const answering = unread.filter((count) => count === 0).length;
  const room = answering > 0 ? Math.ceil(batchTokens / POLITENESS) : batchTokens;
  let left = Math.max(1, Math.min(room, batchTokens - answering));
  const readers = unread.length - answering;
  // A reader with little to read is not kept waiting behind a long one.
  const fair = Math.max(1, Math.floor(left / Math.max(1, readers)));
  const shares = unread.map((count) => {
    const share = Math.min(count, fair, left);
    left -= share;
    return share;
  });
  return shares.map((share, index) => {
    const more = Math.min((unread[index] ?? 0) - share, left);
    left -= more;
    return share + more;
  });
}
