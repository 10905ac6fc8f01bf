// Writing that waits for a slow reader, ends quietly when the reader has gone (`| head`), and never takes a failed write for success.
import { styleText } from 'node:util'
import { CliError } from '../errors/index.ts'

/** What `process.stdout` and `process.stderr` are, or stand-ins for them. */
export interface OutputStream extends NodeJS.WritableStream {
  readonly isTTY?: boolean
  readonly columns?: number
  hasColors?(): boolean
}

export interface Output {
  readonly stream: OutputStream
  readonly isTerminal: boolean
  readonly hasColors: boolean
  /** The width of the terminal; unlimited where there is none. */
  readonly columns: number
  /** Aborts when nobody reads any more. */
  readonly gone: AbortSignal
  write(text: string): Promise<void>
  /** Styles the text where the stream shows colors. */
  paint(style: Parameters<typeof styleText>[0], text: string): string
}

export function outputTo(stream: OutputStream): Output {
  const reader = new AbortController()
  const isTerminal = stream.isTTY === true
  const hasColors = isTerminal && stream.hasColors?.() === true
  // The callback of `write` tells about errors; without a listener Node would end the process for them as well.
  if (!stream.listeners('error').includes(ignore)) stream.on('error', ignore)

  return {
    stream,
    isTerminal,
    hasColors,
    get columns() {
      return isTerminal ? (stream.columns ?? 80) : Number.POSITIVE_INFINITY
    },
    gone: reader.signal,
    async write(text) {
      if (reader.signal.aborted || text === '') return
      const error = await new Promise<NodeJS.ErrnoException | null | undefined>((done) => stream.write(text, done))
      if (!error) return
      if (error.code !== 'EPIPE') throw new CliError('output_failed', `The output cannot be written: ${error.message}.`)
      reader.abort()
    },
    paint: (style, text) => (hasColors ? styleText(style, text, { validateStream: false }) : text),
  }
}

function ignore(): void {}
