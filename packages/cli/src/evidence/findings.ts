// What is wrong with a bundle.
import type { BundleFile } from './bundle-files.ts'
import { findingsMax } from './limits.ts'

/** What can be wrong. */
export const findingKinds = {
  fileMissing: 'a file is missing',
  fileChanged: 'a file is not the one of SHA256SUMS',
  checkpointInvalid: 'the checkpoint cannot be read',
  signatureWrong: 'a signature is wrong',
  keyUnknown: 'a key has not signed',
  lineInvalid: 'a line is not an event with its proof',
  eventMissing: 'an event is missing',
  outOfOrder: 'an event is not in its place',
  eventChanged: 'an event is not as it was signed',
  notProved: 'a proof does not lead to the checkpoint',
  otherStream: 'an event is of another stream',
  contentChanged: 'a file does not follow from the events',
} as const

export type FindingKind = keyof typeof findingKinds

export interface Finding {
  readonly kind: FindingKind
  readonly file: BundleFile
  /** Of the event that it is about. */
  readonly version?: number
  readonly message: string
}

/** The first ones. */
export class Findings {
  readonly all: Finding[] = []

  /** Whether reading on would add nothing. */
  get areEnough(): boolean {
    return this.all.length >= findingsMax
  }

  add(kind: FindingKind, file: BundleFile, message: string, version?: number): void {
    if (!this.areEnough) this.all.push({ kind, file, ...(version === undefined ? {} : { version }), message })
  }
}
