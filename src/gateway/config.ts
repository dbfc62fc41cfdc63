import {z} from 'zod';
import {mib, minutes, seconds} from '../base/units.ts';

/** The door's settings. Bytes, tokens and milliseconds, as the key names say. */
export const gatewayConfigSchema = z.strictObject({
  /** Loopback unless told otherwise. */
  address: z.string().min(1).default('127.0.0.1'),
  port: z.int().min(1).max(65_535).default(8080),
  /** `none` is refused on any address but loopback. */
  auth: z.enum(['key', 'none']).default('key'),
  limits: z
    .strictObject({
      bodyBytes: z.int().positive().default(mib(8)),
      /** Bodies of all requests that are read, wait or are answered, together; one more gets 429. */
      bodiesBytes: z.int().positive().default(mib(64)),
      /** Longest prompt let through, in tokens; the engine's context decides when undefined. */
      promptTokens: z.int().positive().optional(),
      /** Longest answer, in tokens: what a request may ask for, and what it gets when it asks for nothing. */
      outputTokens: z.int().positive().default(4096),
      /** Requests let through to the engine at once; its number of sequences when undefined. */
      concurrency: z.int().positive().optional(),
      /** Requests that may wait for a place before 429. */
      queue: z.int().nonnegative().default(256),
      /** Time to receive all headers, and the whole body. */
      headersMs: z.int().positive().default(seconds(10)),
      bodyMs: z.int().positive().default(seconds(30)),
      /** Longest a request may take in all. */
      requestMs: z.int().positive().default(minutes(30)),
    })
    .prefault({}),
});

export type GatewayConfig = z.infer<typeof gatewayConfigSchema>;
export type GatewayConfigInput = z.input<typeof gatewayConfigSchema>;
