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
