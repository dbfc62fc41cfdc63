import {z} from 'zod';

/** A program as it would run, for people and programs to read; secrets are left out. */
export const programPreviewSchema = z.object({
  role: z.enum(['gateway', 'engine']),
  /** Of the container; missing for a plain process. */
  name: z.string().optional(),
  image: z.string().optional(),
  argv: z.array(z.string()),
  env: z.record(z.string(), z.string()),
  user: z.string().optional(),
  /** `HOST:CONTAINER[:ro]`, or a volume's name in place of the host's folder. */
  mounts: z.array(z.string()).optional(),
  /** UUIDs; an index or `all` as it was asked for. */
  gpus: z.array(z.string()).optional(),
  limits: z
    .object({
      /** Of the host's RAM; missing where there is none. */
      memoryBytes: z.int().optional(),
      sharedMemoryBytes: z.int().optional(),
      processes: z.int().optional(),
    })
    .optional(),
  /** `ADDRESS:PORT` of the host. */
  publish: z.array(z.string()).optional(),
  network: z.string().optional(),
  labels: z.record(z.string(), z.string()).optional(),
});
export type ProgramPreview = z.infer<typeof programPreviewSchema>;

/** What stands in a preview where the program would get its secret. */
export const SECRET = '(secret)';
