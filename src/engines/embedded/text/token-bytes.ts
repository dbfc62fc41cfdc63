import {StringDecoder} from 'node:string_decoder';

/** Where a token's bytes come from: the vocabulary of a GGUF file. */
export interface Vocabulary {
  /** `tokenizer.ggml.model`: `gpt2` (byte-level BPE) or `llama` (SentencePiece). */
  kind: string;
  /** `tokenizer.ggml.tokens` */
  tokens: readonly string[];
  /** `tokenizer.ggml.token_type` */
  types: readonly number[];
}

/** Values of `tokenizer.ggml.token_type` that matter here. */
export const TokenType = {unknown: 2, control: 3, userDefined: 4, byte: 6} as const;

const NOTHING = Buffer.alloc(0);

/**
 * The exact bytes of each token. A character of several bytes can lie across tokens, so text must be
 * put together from bytes; a token alone has no text. Control tokens have none at all.
 */
export function tokenBytes(vocabulary: Vocabulary): (token: number) => Buffer {
  const cache = new Map<number, Buffer>();
  const decode = vocabulary.kind === 'gpt2' ? byteLevel() : sentencePiece;
  return (token) => {
    let bytes = cache.get(token);
    if (bytes === undefined) {
      const text = vocabulary.tokens[token] ?? '';
      const type = vocabulary.types[token];
      if (type === TokenType.control || type === TokenType.unknown) bytes = NOTHING;
      else if (type === TokenType.userDefined) bytes = Buffer.from(text);
      else bytes = decode(text, type);
      cache.set(token, bytes);
    }
    return bytes;
  };
}

/** SentencePiece writes a space as U+2581, and single bytes as `<0xE4>`. */
function sentencePiece(text: string, type: number | undefined): Buffer {
  const byte = /^<0x([0-9A-Fa-f]{2})>$/.exec(text)?.[1];
  if (type === TokenType.byte && byte !== undefined) return Buffer.from([Number.parseInt(byte, 16)]);
  return Buffer.from(text.replaceAll('\u2581', ' '));
}

/** GPT-2 writes every byte as one printable character: itself where it is one, from U+0100 on where not. */
function byteLevel(): (text: string) => Buffer {
  const byteOf = new Map<number, number>();
  let next = 0x100;
  for (let byte = 0; byte < 0x100; byte++) {
    const printable =
      (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || (byte >= 0xae && byte <= 0xff);
    byteOf.set(printable ? byte : next++, byte);
  }
  return (text) => {
    const bytes = Array.from(text, (character) => byteOf.get(character.codePointAt(0) ?? 0));
    // A token that is not written this way is literal text.
    return bytes.every((byte) => byte !== undefined) ? Buffer.from(bytes) : Buffer.from(text);
  };
}

/** Puts tokens together to text; the bytes of an unfinished character wait for the rest. */
export class TextAssembler {
  readonly #bytesOf: (token: number) => Buffer;
  readonly #decoder = new StringDecoder('utf8');

  constructor(bytesOf: (token: number) => Buffer) {
    this.#bytesOf = bytesOf;
  }

  push(token: number): string {
    return this.#decoder.write(this.#bytesOf(token));
  }

  /** U+FFFD for a character that never got finished, otherwise nothing. */
  end(): string {
    return this.#decoder.end();
  }
}
