// Opens a large log and serves random reads and appends for a while; reports the peak memory of the process.
import { fileStore } from 'indelible/file'
import { checkBuiltStream, eventsPerStream } from '../big-log.ts'
import { peakRssKiB, tell } from '../children.ts'
import { subjectOf } from '../ours.ts'
import { payloadOf, streamOf } from '../payload.ts'

const [dir, streamsText, secondsText] = process.argv.slice(2) as [string, string, string]
const streams = Number(streamsText)
const clients = 8
const subject = subjectOf(await fileStore({ dir }))
const end = performance.now() + Number(secondsText) * 1000
// The version of each stream, so that every append can expect it.
const versions = new Uint16Array(streams).fill(eventsPerStream)
let reads = 0
let appends = 0

await Promise.all(Array.from({ length: clients }, (_, number) => [reader(), writer(number)]).flat())
await subject.close()
await tell({ maxRssKiB: peakRssKiB(), reads, appends })
process.disconnect()

async function reader(): Promise<void> {
  while (performance.now() < end) {
    const stream = Math.floor(Math.random() * streams)
    checkBuiltStream(stream, await subject.readStream(streamOf(stream)))
    reads++
  }
}

/** Each writer has its own streams. */
async function writer(number: number): Promise<void> {
  while (performance.now() < end) {
    const stream = Math.floor((Math.random() * streams) / clients) * clients + number
    if (stream >= streams) continue
    const version = versions[stream]!
    await subject.append(streamOf(stream), version, [payloadOf(stream, version + 1)])
    versions[stream] = version + 1
    appends++
  }
}
