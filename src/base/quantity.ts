import {z} from 'zod';

/** A setting that is stored as a whole number and may be typed as text with a unit. `example` says how. */
export const quantity = <T extends number>(
  read: (text: string) => T | undefined,
  example: string,
  least: number,
) =>
  z
    .union([z.number(), z.string()])
    .transform((given, context): T => {
      const value = read(String(given));
      if (value !== undefined && Number.isSafeInteger(value) && value >= least) return value;
      context.addIssue({code: 'custom', message: 'quantity', params: {example}});
      return z.NEVER;
    })
    // What comes out is a plain integer: JSON schemas of results describe this side.
    .pipe(z.int() as unknown as z.ZodType<T, Awaited<T>>);

/** A setting that says how many times something is: any number from `least` to `most`. */
export const factor = (example: string, least: number, most: number) =>
  z
    .union([z.number(), z.string()])
    .transform((given, context): number => {
      const value = Number(given);
      if (value >= least && value <= most) return value;
      context.addIssue({code: 'custom', message: 'quantity', params: {example}});
      return z.NEVER;
    })
    .pipe(z.number());

/** A setting that is a share of all, `1%` or `0.01`, from `least` to `most`. */
export const share = (example: string, least: number, most: number) =>
  z
    .union([z.number(), z.string()])
    .transform((given, context): number => {
      const value = parseShare(String(given));
      if (value !== undefined && value >= least && value <= most) return value;
      context.addIssue({code: 'custom', message: 'quantity', params: {example}});
      return z.NEVER;
    })
    .pipe(z.number());

function parseShare(text: string): number | undefined {
  const match = /^\s*(\d+(?:\.\d+)?)\s*(%?)\s*$/.exec(text);
  if (match?.[1] === undefined) return undefined;
  // Written in percent, 99.9 is 0.999 and not 0.9990000000000001.
  return match[2] === '%' ? Number((Number(match[1]) / 100).toPrecision(12)) : Number(match[1]);
}
