// Checks a bundle offline: every file, every event, every proof and every signature. It says what exactly is wrong.
import { createHash } from 'node:crypto'
import { isIndelibleError, type RecordedEvent } from 'indelible'
import { readCheckpoint, type TreeCheckpoint, type VerifierKey } from 'indelible/proofs'
import { declarationsOf, type Origin, writtenBy } from './about.ts'
import { type BundleFile, bundleFiles, type LinesFile, sumsFile, sumsText } from './bundle-files.ts'
import { LineCheck, type LinesToCheck } from './check-lines.ts'
import { checkSignatures } from './check-signatures.ts'
import { type DerivedFile, derivedFiles } from './derived-files.ts'
import { type Finding, Findings } from './findings.ts'
import { type OpenBundle, openBundle } from './read-bundle.ts'
import { keysStream, RecordedKeys } from './recorded-keys.ts'
import { Summing } from './summary.ts'

export interface BundleToVerify {
  readonly file: string
  /** Keys that came from elsewhere; each must have signed. */
  readonly keys: readonly VerifierKey[]
  readonly onProgress: (progress: { bytesDone: number; bytesTotal: number }) => void
  readonly signal: AbortSignal
}

export interface BundleReport {
  readonly findings: readonly Finding[]
  /** Null where there is no event that is proved, or no checkpoint. */
  readonly stream: string | null
  readonly log: string | null
  readonly size: number | null
  /** The events that are proved. */
  readonly events: number
  /** The public keys whose signature is right. */
  readonly signedBy: readonly string[]
  /** The program that wrote the bundle, if it is another one: page and texts were not compared then. */
  readonly otherProgram: string | null
}

/** Throws `bundle_unreadable` where the file is no bundle. */
export async function verifyBundle(asked: BundleToVerify): Promise<BundleReport> {
  const bundle = await openBundle(asked.file)
  try {
    return await new BundleCheck(bundle, asked).run()
  } finally {
    bundle.close()
  }
}

class BundleCheck {
  readonly #bundle: OpenBundle
  readonly #asked: BundleToVerify
  readonly #findings = new Findings()
  readonly #sums = new Map<BundleFile, string>()
  readonly #summary = new Summing()
  readonly #keys = new RecordedKeys()
  #bytesDone = 0

  constructor(bundle: OpenBundle, asked: BundleToVerify) {
    this.#bundle = bundle
    this.#asked = asked
  }

  async run(): Promise<BundleReport> {
    for (const name of bundleFiles)
      if (!this.#bundle.names.has(name)) this.#findings.add('fileMissing', name, `${name} is missing.`)
    const note = (await this.#text('checkpoint')) ?? ''
    const tree = this.#treeOf(note)
    let signedBy: readonly VerifierKey[] = []
    let otherProgram: string | null = null
    if (tree) {
      // Also keys that are not proved: a changed checkpoint proves nothing, and then its signature is what is wrong.
      await this.#lines('keys.ndjson', { tree, stream: keysStream, onEvent: (event) => this.#keys.add(event) })
      const [findings, recorded] = [this.#findings, this.#keys.all]
      signedBy = checkSignatures({ note, log: tree.origin, recorded, given: this.#asked.keys, findings })
      const onEvent = (event: RecordedEvent, isProved: boolean) => isProved && this.#summary.add(event)
      await this.#lines('events.ndjson', { tree, onEvent })
      otherProgram = await this.#derived(note)
    }
    await this.#checkSums()
    const { last, events } = this.#summary
    return {
      findings: this.#findings.all,
      stream: last?.stream ?? null,
      log: tree?.origin ?? null,
      size: tree?.size ?? null,
      events,
      signedBy: signedBy.map(({ text }) => text),
      otherProgram,
    }
  }

  #treeOf(note: string): TreeCheckpoint | undefined {
    try {
      return readCheckpoint(note)
    } catch (error) {
      if (!isIndelibleError(error, 'proof_invalid')) throw error
      this.#findings.add(
        'checkpointInvalid',
        'checkpoint',
        'The checkpoint cannot be read, so nothing else can be checked.',
      )
      return undefined
    }
  }

  async #lines(file: LinesFile, asked: Omit<LinesToCheck, 'file' | 'findings'>): Promise<void> {
    if (!this.#bundle.names.has(file)) return
    const check = new LineCheck({ ...asked, file, findings: this.#findings })
    for await (const line of this.#bundle.lines(file, (sum) => this.#sums.set(file, sum))) {
      check.add(line)
      this.#advance(line.length + 1)
      if (this.#findings.areEnough) return
      this.#asked.signal.throwIfAborted()
    }
    if (check.lines === 0) this.#findings.add('eventMissing', file, `${file} has no events.`)
  }

  /** Compares with what follows from the events. That makes sense only if they are right. Gives the name of the program that wrote the bundle, if it is another. */
  async #derived(note: string): Promise<string | null> {
    const texts = new Map<BundleFile, string | undefined>()
    for (const name of [...derivedNames, 'declarations.json'] as const) texts.set(name, await this.#text(name))
    const about = jsonOf(texts.get('about.json')) as Partial<Origin> | undefined
    const { madeAt = '', madeBy = '' } = about ?? {}
    const isSameProgram = madeBy === writtenBy
    if (this.#findings.all.length > 0) return isSameProgram ? null : String(madeBy)
    const content = {
      summary: this.#summary,
      note,
      keys: this.#keys.all,
      origin: { madeAt: String(madeAt), madeBy: String(madeBy) },
    }
    for (const name of derivedNames)
      if ((isSameProgram || name === 'about.json') && texts.get(name) !== derivedFiles[name](content))
        this.#findings.add('contentChanged', name, `${name} does not say what the events and the checkpoint say.`)
    const { recorded } = Object(jsonOf(texts.get('declarations.json'))) as { readonly recorded?: unknown }
    if (JSON.stringify(recorded) !== JSON.stringify(declarationsOf(this.#summary, undefined).recorded))
      this.#findings.add(
        'contentChanged',
        'declarations.json',
        'declarations.json names other types or code than the events.',
      )
    return isSameProgram ? null : String(madeBy)
  }

  async #checkSums(): Promise<void> {
    const text = await this.#text(sumsFile)
    if (text === undefined) return
    const named = new Map(text.split('\n').map((line) => [line.slice(66), line.slice(0, 64)]))
    const changed = [...this.#sums].filter(([name, sum]) => name !== sumsFile && named.get(name) !== sum)
    for (const [name] of changed)
      this.#findings.add('fileChanged', name, `${name} is not the file that SHA256SUMS names.`)
    this.#sums.delete(sumsFile)
    const inOrder = new Map(
      bundleFiles.flatMap((name) => (this.#sums.has(name) ? [[name, this.#sums.get(name)!]] : [])),
    )
    if (changed.length === 0 && this.#findings.all.length === 0 && text !== sumsText(inOrder))
      this.#findings.add('fileChanged', sumsFile, 'SHA256SUMS names other files than those of a bundle.')
  }

  /** Nothing where the file is missing. */
  async #text(name: Exclude<BundleFile, LinesFile>): Promise<string | undefined> {
    if (!this.#bundle.names.has(name)) return undefined
    const bytes = await this.#bundle.read(name)
    this.#sums.set(name, createHash('sha256').update(bytes).digest('hex'))
    this.#advance(bytes.length)
    const text = bytes.toString()
    if (!bytes.equals(Buffer.from(text))) this.#findings.add('fileChanged', name, `${name} is not text in UTF-8.`)
    return text
  }

  #advance(bytes: number): void {
    this.#bytesDone += bytes
    const bytesTotal = [...this.#bundle.bytes.values()].reduce((sum, each) => sum + each, 0)
    this.#asked.onProgress({ bytesDone: this.#bytesDone, bytesTotal })
  }
}

const derivedNames = Object.keys(derivedFiles) as readonly DerivedFile[]

function jsonOf(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '')
  } catch {
    return undefined
  }
}
