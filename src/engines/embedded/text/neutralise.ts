/**
 * Text of special tokens inside what people write must stay text. Contents are rendered with a marker
 * inside every such text; after rendering, the prompt is cut at the markers and each piece is turned
 * into tokens alone, so no piece holds a whole special token that came from a content.
 */
export function markSpecialTexts(content: string, specials: readonly string[], marker: string): string {
  const cuts = new Set<number>();
  for (const special of specials) {
    // One character cannot be cut; overlapping occurrences are each cut.
    if (special.length < 2) continue;
    for (let at = content.indexOf(special); at >= 0; at = content.indexOf(special, at + 1)) cuts.add(at + 1);
  }
  if (cuts.size === 0) return content;
  let marked = '';
  let from = 0;
  for (const cut of [...cuts].sort((a, b) => a - b)) {
    marked += content.slice(from, cut) + marker;
    from = cut;
  }
  return marked + content.slice(from);
}

/** The pieces to turn into tokens one by one. */
export const cutAtMarkers = (prompt: string, marker: string): string[] =>
  prompt.split(marker).filter((piece) => piece !== '');
