import { readFileSync } from 'node:fs'
import v8 from 'node:v8'
import { fileStore } from 'indelible/file'
import { checkBuiltStream, eventsPerStream } from '../big-log.ts'
import { subjectOf } from '../ours.ts'
import { payloadOf, streamOf } from '../payload.ts'

const [dir, streamsText, secondsText, share] = process.argv.slice(2) as [string, string, string, string]
const streams = Number(streamsText)
const clients = 8
const hwm = () => Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))![1]) / 1024
const rss = () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))![1]) / 1024
const mb = (n: number) => (n / 2 ** 20).toFixed(0)
const t0 = performance.now()
const say = () => {
  const m = process.memoryUsage()
  const sp = Object.fromEntries(v8.getHeapSpaceStatistics().map((s) => [s.space_name, mb(s.physical_space_size)]))
  const h = v8.getHeapStatistics()
  console.log(
    ((performance.now() - t0) / 1000).toFixed(1),
    'rss',
    rss().toFixed(0),
    'hwm',
    hwm().toFixed(0),
    'heap',
    mb(m.heapUsed),
    '/',
    mb(m.heapTotal),
    'ext',
    mb(m.external),
    'ab',
    mb(m.arrayBuffers),
    'new',
    sp.new_space,
    'old',
    sp.old_space,
    'newlo',
    sp.new_large_object_space,
    'lo',
    sp.large_object_space,
    'malloced',
    mb(h.malloced_memory),
    'reads',
    reads,
  )
}
let reads = 0
let appends = 0
say()
const subject = subjectOf(await fileStore({ dir, limits: share ? { columnsShareMax: Number(share) } : {} } as never))
say()
const timer = setInterval(say, 2000)
const end = performance.now() + Number(secondsText) * 1000
const versions = new Uint16Array(streams).fill(eventsPerStream)
await Promise.all(Array.from({ length: clients }, (_, number) => [reader(), writer(number)]).flat())
clearInterval(timer)
say()
await subject.close()
say()
console.log(reads, appends)
async function reader(): Promise<void> {
  while (performance.now() < end) {
    const stream = Math.floor(Math.random() * streams)
    checkBuiltStream(stream, await subject.readStream(streamOf(stream)))
    reads++
  }
}
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
