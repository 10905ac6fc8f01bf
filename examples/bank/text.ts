// Text that people type and every database can keep.
import { z } from 'zod'

/** Not empty, at most so many characters, no NUL and no half of a surrogate pair. */
export const textUpTo = (charactersMax: number) =>
  z
    .string()
    .min(1)
    .max(charactersMax)
    .refine((value) => value.isWellFormed() && !value.includes('\0'), 'must be well-formed text')

export const text = textUpTo(200)
