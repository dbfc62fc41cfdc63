import {z} from 'zod';

const problemSchema = z.object({
  code: z.string(),
  message: z.string(),
  why: z.string().optional(),
  try: z.array(z.string()),
});

/** What was proven of a machine. What could not be found out is left out. */
export const hostCheckSchema = z.object({
  name: z.string(),
  kind: z.enum(['local', 'ssh']),
  /** It can be worked on: reached, logged in to and, over SSH, its Docker answers. */
  ok: z.boolean(),
  /** Nothing answers there: worth another try later. */
  unreachable: z.boolean(),
  /** `10.0.0.7:22`. */
  endpoint: z.string().optional(),
  user: z.string().optional(),
  /** The file or the agent's key that has opened the door. */
  loginKey: z.string().optional(),
  hostKey: z.string().optional(),
  os: z.string().optional(),
  arch: z.string().optional(),
  stateRoot: z.string().optional(),
  /** One question and its answer over the connection. */
  latencyMs: z.number().optional(),
  /** Logins that this check took. */
  handshakes: z.number().optional(),
  docker: z
    .union([
      z.object({
        reachable: z.literal(true),
        by: z.enum(['local', 'socket', 'dial-stdio', 'sudo-dial-stdio']),
        version: z.string(),
      }),
      z.object({reachable: z.literal(false), error: problemSchema}),
    ])
    .optional(),
  /** Why it cannot be reached. */
  error: problemSchema.optional(),
});

export type HostCheck = z.infer<typeof hostCheckSchema>;
export type HostProblem = z.infer<typeof problemSchema>;
