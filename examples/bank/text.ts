// Text that people type and every database can keep.
import { z } from 'zod'

/** Not empty, at most 200 characters, no NUL and no half of a surrogate pair. */
export const text = z
  .string()
  .min(1)
  .max(200)
  .refine((value) => value.isWellFormed() && !value.includes('\0'), 'must be well-formed text')
