// Parses the payloads of one type, which mostly look alike. It learns templates from the first ones.

import type { PayloadParser } from './log-event.ts'
import { PayloadTemplate, type TextMaker } from './payload-template.ts'

/** A type whose payloads look more different is left to JSON.parse. */
const templatesMax = 4
/** In bytes. What is longer is no payload to learn from. */
const learnedBytesMax = 4096
/** Texts that occur again and again are kept, if they are no longer than this. */
const keptTextBytesMax = 24
const keptTexts = 1024
/** V8 copies texts up to this length out of a longer one; longer ones would keep all of it. */
const copiedBytesMax = 12
/** So much of a frame is decoded at once. */
const windowBytes = 32 * 1024

type Latin1Buffer = Buffer & { latin1Slice(start: number, end: number): string }

export class SimilarPayloads implements PayloadParser {
  readonly #templates: PayloadTemplate[] = []
  readonly #texts: TextMaker
  #latest = 0
  #misses = 0

  constructor(texts: TextMaker) {
    this.#texts = texts
  }

  parse(bytes: Buffer, from: number, to: number): unknown {
    const templates = this.#templates
    for (let tried = 0; tried < templates.length; tried++) {
      const index = (this.#latest + tried) % templates.length
      const value = templates[index]!.parse(bytes, from, to)
      if (value === undefined) continue
      this.#latest = index
      return value
    }
    // The first payload that does not fit may be an exception, so a template is learned from the next one.
    if (templates.length < templatesMax && this.#misses++ % 2 === 0) this.#learn(bytes.subarray(from, to))
    return undefined
  }

  #learn(payload: Buffer): void {
    if (payload.length > learnedBytesMax || !isJsonText(payload)) return
    const template = PayloadTemplate.of(payload, this.#texts)
    if (template) this.#templates.push(template)
  }
}

function isJsonText(payload: Buffer): boolean {
  try {
    JSON.parse(payload.toString())
    return true
  } catch {
    return false
  }
}

/** Short texts that were made lately, by their bytes. */
export class RecentTexts implements TextMaker {
  readonly #texts: (string | undefined)[] = Array.from({ length: keptTexts })
  /** What was decoded last, and where that is in which bytes. */
  #decoded = ''
  #bytes: Buffer | undefined
  #from = 0
  #to = 0

  text(bytes: Buffer, from: number, to: number): string {
    const length = to - from
    if (length > keptTextBytesMax) return (bytes as Latin1Buffer).latin1Slice(from, to)
    let hash = length
    for (let at = from; at < to; at++) hash = (Math.imul(hash, 31) + bytes[at]!) | 0
    const slot = (hash ^ (hash >>> 15)) & (keptTexts - 1)
    const known = this.#texts[slot]
    if (known !== undefined && isText(known, bytes, from, length)) return known
    const text = this.#made(bytes as Latin1Buffer, from, to)
    this.#texts[slot] = text
    return text
  }

  #made(bytes: Latin1Buffer, from: number, to: number): string {
    if (to - from > copiedBytesMax) return bytes.latin1Slice(from, to)
    if (bytes !== this.#bytes || from < this.#from || to > this.#to) {
      this.#bytes = bytes
      this.#from = from
      this.#to = Math.min(bytes.length, from + windowBytes)
      this.#decoded = bytes.latin1Slice(from, this.#to)
    }
    return this.#decoded.substring(from - this.#from, to - this.#from)
  }
}

function isText(text: string, bytes: Buffer, from: number, length: number): boolean {
  if (text.length !== length) return false
  for (let unit = 0; unit < length; unit++) if (text.charCodeAt(unit) !== bytes[from + unit]) return false
  return true
}
