// The corpus of changes of schemas.
import { listChanges } from './lists.ts'
import { memberChanges } from './members.ts'
import { scalarChanges } from './scalars.ts'
import { valueChanges } from './values.ts'

export type { SchemaChange, Verdict } from './change.ts'
export const schemaChanges = [...memberChanges, ...scalarChanges, ...valueChanges, ...listChanges]
