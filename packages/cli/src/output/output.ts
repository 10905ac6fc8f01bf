// Writes output: waits for a slow reader, stops quietly when the reader has closed the pipe (`| head`), and reports every other failed write.
import { styleText } from 'node:util'
import { CliError } from '../errors/index.ts'

/** `process.stdout`, `process.stderr`, or a replacement for them. */
export interface OutputStream extends NodeJS.WritableStream {
  readonly isTTY?: boolean
  readonly columns?: number
  hasColors?(): boolean
}

export interface Output {
  readonly stream: OutputStream
  readonly isTerminal: boolean
  readonly hasColors: boolean
  /** The width of the terminal in cells. It is infinite if there is no terminal. */
  readonly columns: number
  /** Aborts when the reader has closed the output. */
  readonly closed: AbortSignal
  write(text: string): Promise<void>
  /** Styles the text if the stream supports colors. */
  paint(style: Parameters<typeof styleText>[0], text: string): string
}

export function outputTo(stream: OutputStream): Output {
  const reader = new AbortController()
  const isTerminal = stream.isTTY === true
  const hasColors = isTerminal && stream.hasColors?.() === true
  // Errors are handled in the callback of `write`. Without a listener Node would end the process.
  if (!stream.listeners('error').includes(ignore)) stream.on('error', ignore)

  return {
    stream,
    isTerminal,
    hasColors,
    get columns() {
      return isTerminal ? (stream.columns ?? 80) : Number.POSITIVE_INFINITY
    },
    closed: reader.signal,
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
