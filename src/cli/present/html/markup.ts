/** HTML that was written here. Whatever else goes into a page is text, and is escaped. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Value = string | number | Markup | undefined | readonly (string | number | Markup | undefined)[];

/** HTML with values in it: text is escaped, `Markup` and lists of it are taken as they are, undefined is nothing. */
export function markup(parts: TemplateStringsArray, ...values: readonly Value[]): Markup {
  const written = parts.map((part, at) => part + (at < values.length ? write(values[at]) : ''));
  return new Markup(written.join(''));
}

function write(value: Value): string {
  if (value === undefined) return '';
  if (value instanceof Markup) return value.text;
  if (typeof value === 'object') return value.map(write).join('');
  return escapeHtml(String(value));
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** For text and for quoted attributes. What no HTML may hold, or would turn its direction, is shown as `�`. */
export const escapeHtml = (text: string): string =>
  text
    // eslint-disable-next-line no-control-regex -- these are what must go
    .replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '\ufffd')
    .replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
