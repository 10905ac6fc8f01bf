// Checks the events of a bundle against the checkpoint: each as it was signed, in their order, none left out.
import { isIndelibleError, type RecordedEvent } from 'indelible'
import {
  checkEvent,
  type EventInTree,
  eventOfExact,
  ProvedLineReader,
  ProvedLineWriter,
  type TreeHead,
} from 'indelible/proofs'
import type { LinesFile } from './bundle-files.ts'
import type { Findings } from './findings.ts'

export interface LinesToCheck {
  readonly file: LinesFile
  readonly tree: TreeHead
  /** The stream that all events must be of; that of the first one when left out. */
  readonly stream?: string
  readonly findings: Findings
  /** For each event. */
  readonly onEvent: (event: RecordedEvent, isProved: boolean) => void
}

export class LineCheck {
  readonly #asked: LinesToCheck
  readonly #reader = new ProvedLineReader()
  readonly #writer = new ProvedLineWriter()
  #stream: string | undefined
  #number = 0
  #version = 0
  #position = 0
  /** A line before is missing or wrong, so the hashes that this one shares with it are not to be had. */
  #isCut = false

  constructor(asked: LinesToCheck) {
    this.#asked = asked
    this.#stream = asked.stream
  }

  /** The number of lines so far. */
  get lines(): number {
    return this.#number
  }

  add(line: Buffer): void {
    const { file, findings } = this.#asked
    this.#number++
    const json = parsed(line)
    const read = this.#read(json, line)
    const event = read?.event ?? attempt(() => eventOfExact(Object(json).event))
    if (event) this.#place(event)
    if (read) this.#prove(read)
    else {
      if (!this.#isCut) findings.add('lineInvalid', file, `Line ${this.#number} is not an event with its proof.`)
      this.#isCut = true
    }
  }

  #read(json: unknown, line: Buffer): EventInTree | undefined {
    const read = attempt(() => this.#reader.read(json))
    // There is one way to write it: otherwise a changed bit could mean the same.
    return read && Buffer.from(JSON.stringify(this.#writer.write(read))).equals(line) ? read : undefined
  }

  #place({ stream, version, position }: RecordedEvent): void {
    const { file, findings } = this.#asked
    this.#stream ??= stream
    if (stream !== this.#stream)
      findings.add(
        'otherStream',
        file,
        `Line ${this.#number} is an event of ${stream}, not of ${this.#stream}.`,
        version,
      )
    if (version > this.#version + 1) {
      const [from, to] = [this.#version + 1, version - 1]
      const what = from === to ? `Version ${from} is` : `The versions ${from} to ${to} are`
      findings.add('eventMissing', file, `${what} missing before line ${this.#number}.`, from)
      this.#isCut = true
    } else if (version <= this.#version || position <= this.#position) {
      const message = `Line ${this.#number} is not in its place: version ${version} at position ${position}.`
      findings.add('outOfOrder', file, message, version)
      this.#isCut = true
    }
    this.#version = version
    this.#position = position
  }

  #prove(read: EventInTree): void {
    const { file, tree, findings, onEvent } = this.#asked
    const { event } = read
    const { version, position } = event
    const { isInTree, changed } = checkEvent(read, tree)
    const isProved = isInTree && changed.length === 0
    onEvent(event, isProved)
    if (isInTree && !isProved)
      findings.add('eventChanged', file, `Version ${version} is not as it was signed: ${changed.join(', ')}.`, version)
    else if (!isProved && !this.#isCut) {
      const isAfter = position > tree.size
      const why = isAfter
        ? `is at position ${position}, after the ${tree.size} events that were signed`
        : 'is not proved: it was changed together with its leaf, or its proof was'
      findings.add('notProved', file, `Version ${version} ${why}.`, version)
    }
    this.#isCut = !isInTree
  }
}

function parsed(line: Buffer): unknown {
  try {
    return JSON.parse(line.toString())
  } catch {
    return undefined
  }
}

/** Nothing where it has not the form that it should have. */
function attempt<Value>(read: () => Value): Value | undefined {
  try {
    return read()
  } catch (error) {
    if (isIndelibleError(error, 'proof_invalid')) return undefined
    throw error
  }
}
