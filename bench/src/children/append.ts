// Opens a log in a fresh process and appends to it with many clients, each on its own new stream; reports the rate.
import { fileStore } from 'indelible/file'
import { check } from '../check.ts'
import { tell } from '../children.ts'
import { closedLoop } from '../closed-loop.ts'
import { subjectOf } from '../ours.ts'
import { checkPayload, payloadOf } from '../payload.ts'

const [dir, clientsText, eventsText] = process.argv.slice(2) as [string, string, string]
const clients = Number(clientsText)
const subject = subjectOf(await fileStore({ dir }))
const before = await subject.count()
// The number of a client determines its events; its stream has a name that no earlier process used.
const stream = (client: number) => `grown-${before}.${client}` as const
const { rate, turns } = await closedLoop(
  { clients, warmupMs: 500, measureMs: 30_000, actsMax: Number(eventsText), actsPerLook: 64 },
  (client, turn) => subject.append(stream(client), turn, [payloadOf(client, turn + 1)]),
)

const appended = turns.reduce((sum, count) => sum + count, 0)
check((await subject.count()) === before + appended, 'the log has grown by what was acknowledged')
for (let client = 0; client < clients; client += Math.ceil(clients / 16)) {
  const found = await subject.readStream(stream(client))
  check(found.length === turns[client], `all events of client ${client} are there`)
  for (const [index, payload] of found.entries()) checkPayload(payload, { stream: client, version: index + 1 })
}
await subject.close()
await tell({ rate, appended, before })
process.disconnect()
