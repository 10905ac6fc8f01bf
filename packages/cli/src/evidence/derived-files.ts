// The files of a bundle that follow from its events and its checkpoint: whoever checks a bundle writes them again and compares.
import { readFileSync } from 'node:fs'
import type { VerifierKey } from 'indelible/proofs'
import { aboutOf, jsonText, type Origin } from './about.ts'
import { pageText } from './page.ts'
import { readmeText } from './readme.ts'
import { signaturesOf } from './signatures.ts'
import type { Summary } from './summary.ts'

export interface BundleContent {
  readonly summary: Summary
  readonly note: string
  /** The keys that the log records. */
  readonly keys: readonly VerifierKey[]
  readonly origin: Origin
}

export const derivedFiles = {
  'about.json': ({ summary, note, origin }) => jsonText(aboutOf(summary, note, origin)),
  'index.html': ({ summary, note, keys, origin }) =>
    pageText({ about: aboutOf(summary, note, origin), summary, signatures: signaturesOf(note, keys) }),
  'README.txt': ({ summary, note, origin }) => readmeText(aboutOf(summary, note, origin)),
  'check.py': () => readFileSync(checkProgram, 'utf8'),
} as const satisfies Readonly<Record<string, (content: BundleContent) => string>>

export type DerivedFile = keyof typeof derivedFiles

/** Beside the sources, which are published too. */
const checkProgram = new URL('../../src/evidence/check.py', import.meta.url)
