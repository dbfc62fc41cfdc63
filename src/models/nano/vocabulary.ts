/** nano's tokens: every byte, the specials of ChatML, and the words of its notice. */
import {AGAIN, CHINESE, ENGLISH, type Piece} from './notice.ts';

export interface Vocabulary {
  /** Texts as the GGUF holds them, in the GPT-2 spelling of bytes. A byte's token id is its value. */
  tokens: readonly string[];
  types: readonly number[];
  idOf: (piece: Piece) => number;
  endOfText: number;
  endOfTurn: number;
}

/** llama.cpp's token types. */
const NORMAL = 1;
const CONTROL = 3;

const SPECIALS = ['<|endoftext|>', '<|im_start|>', '<|im_end|>'] as const;

/** Padded with unused control tokens to `size`, for models that must cost what real ones do. */
export function nanoVocabulary(size = 0): Vocabulary {
  const spelled = spellingOfBytes();
  const spell = (text: string) => [...new TextEncoder().encode(text)].map((byte) => spelled[byte]).join('');
  const words = [...ENGLISH, ...CHINESE, AGAIN.english, AGAIN.chinese]
    .flat()
    .filter((piece) => typeof piece === 'string');
  const ids = new Map<Piece, number>(words.map((word, index) => [word, 256 + SPECIALS.length + index]));
  const used = [...spelled, ...SPECIALS, ...words.map(spell)];
  const unused = Array.from({length: Math.max(0, size - used.length)}, (_, index) => `<|unused_${index}|>`);
  const tokens = [...used, ...unused];
  if (new Set(tokens).size !== tokens.length) throw new RangeError('two pieces of the notice are the same');
  const idOf = (piece: Piece): number => {
    const id = typeof piece === 'number' ? piece : ids.get(piece);
    if (id === undefined) throw new RangeError(`no token for ${piece}`);
    return id;
  };
  return {
    tokens,
    types: tokens.map((_, id) => (isControl(id) || id >= used.length ? CONTROL : NORMAL)),
    idOf,
    endOfText: 256,
    endOfTurn: 258,
  };
}

const isControl = (id: number): boolean => id >= 256 && id < 256 + SPECIALS.length;

/**
 * GPT-2 writes each byte as one printable character: itself where it is printable Latin-1, else the next
 * free character from U+0100 on. Source: bytes_to_unicode in GPT-2's encoder.
 */
function spellingOfBytes(): string[] {
  const printable = (byte: number) =>
    (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
  let next = 0x100;
  return Array.from({length: 256}, (_, byte) => String.fromCodePoint(printable(byte) ? byte : next++));
}
