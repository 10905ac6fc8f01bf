// Many clients of a live feed in one process. Each must get every position once, also those that are cut off and come again; reports how late events are.
import { connect, type Socket } from 'node:net'
import { check } from '../check.ts'
import { tell } from '../children.ts'

const [port, clients, from, to, killEveryMs] = process.argv.slice(2).map(Number) as [
  number,
  number,
  number,
  number,
  number,
]
/** When each event was recorded, as the first client that gets it reads. */
const recordedMs = new Float64Array(to + 1)
const delays = new Uint32Array(60_000)
const marker = Buffer.from('\nid: ')
const recordedAt = '"recordedAt":"'
const none = Buffer.alloc(0)
const [newline, zero, lowerE] = [0x0a, 0x30, 0x65]
let resumed = 0
let connected = 0
let done = 0
const allConnected = Promise.withResolvers<void>()
const allDone = Promise.withResolvers<void>()

class Client {
  #position = from
  #isConnected = false
  #rest: Buffer = none
  #socket: Socket = this.#connected()

  get isDone(): boolean {
    return this.#position === to
  }

  cutOff(): void {
    this.#socket.destroy()
    this.#rest = none
    this.#socket = this.#connected()
    resumed++
  }

  end(): void {
    this.#socket.destroy()
  }

  #connected(): Socket {
    const socket = connect(port, '127.0.0.1')
    const headers = `Host: 127.0.0.1\r\nAccept: text/event-stream\r\nLast-Event-ID: ${this.#position}\r\n`
    socket.write(`GET /events HTTP/1.1\r\n${headers}\r\n`)
    socket.on('data', (bytes) => {
      if (socket === this.#socket) this.#take(bytes)
    })
    socket.on('error', (error) => check(socket !== this.#socket, `no connection fails: ${error.message}`))
    socket.on('end', () => check(socket !== this.#socket || this.isDone, 'the server drops no client'))
    return socket
  }

  #take(bytes: Buffer): void {
    if (this.#rest.length === 0) {
      this.#read(bytes)
      return
    }
    // Only the message that came in two parts is copied.
    const end = bytes.indexOf('\n\n') + 1
    const whole = Buffer.concat([this.#rest, end > 0 ? bytes.subarray(0, end + 1) : bytes])
    this.#rest = none
    this.#read(whole)
    if (end > 0) this.#read(bytes.subarray(end))
  }

  /** Begins with the line break before a message, and ends anywhere. */
  #read(text: Buffer): void {
    const end = text.lastIndexOf('\n\n') + 1
    const nowMs = Date.now()
    for (let at = text.indexOf(marker); at >= 0 && at < end; at = text.indexOf(marker, at)) {
      at += marker.length
      let position = 0
      for (; text[at] !== newline; at++) position = 10 * position + text[at]! - zero
      // "event: event" and not "event: caught-up", whose position has come already.
      if (text[at + 8] !== lowerE) {
        if (!this.#isConnected && ++connected === clients) allConnected.resolve()
        this.#isConnected = true
        continue
      }
      check(position === this.#position + 1, `after ${this.#position} comes ${position}`)
      this.#position = position
      recordedMs[position] ||= recordedIn(text, at)
      const delay = Math.max(0, nowMs - recordedMs[position]!)
      delays[Math.min(delays.length - 1, delay)]!++
      if (position === to && ++done === clients) allDone.resolve()
    }
    this.#rest = Buffer.from(text.subarray(end))
  }
}

function recordedIn(text: Buffer, from: number): number {
  const at = text.indexOf(recordedAt, from) + recordedAt.length
  return Date.parse(text.toString('latin1', at, text.indexOf('"', at)))
}

const all = Array.from({ length: clients }, () => new Client())
await allConnected.promise
await tell({ clients })
const killing = setInterval(() => {
  const client = all[Math.floor(Math.random() * clients)]!
  if (!client.isDone) client.cutOff()
}, killEveryMs)
await allDone.promise
clearInterval(killing)
for (const client of all) client.end()
await tell({
  messages: delays.reduce((sum, count) => sum + count, 0),
  resumed,
  p50Ms: quantile(0.5),
  p99Ms: quantile(0.99),
  maxMs: quantile(1),
})
process.disconnect()

function quantile(share: number): number {
  let left = share * delays.reduce((sum, count) => sum + count, 0)
  for (const [ms, count] of delays.entries()) {
    left -= count
    if (left <= 0) return ms
  }
  return delays.length
}
