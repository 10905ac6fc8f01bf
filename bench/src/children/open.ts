// Opens a log in a fresh process and reports how long that took. Then it closes it in order, or appends until it is killed.
import { fileStore } from 'indelible/file'
import { tell } from '../children.ts'
import { touchFilesMs } from '../limits.ts'
import { subjectOf } from '../ours.ts'
import { payloadOf } from '../payload.ts'

const [dir, then] = process.argv.slice(2) as [string, 'close' | 'append']
const begin = performance.now()
const store = await fileStore({ dir })
const { position } = await store.head()
const ms = performance.now() - begin
await tell({ ms, limitMs: touchFilesMs(dir), position })

if (then === 'append') await appendForever()
await store.close()
process.disconnect()

async function appendForever(): Promise<never> {
  const subject = subjectOf(store)
  const acknowledgedEnough = 2000
  let acknowledged = 0
  const client = async (number: number): Promise<never> => {
    for (let version = 0; ; version++) {
      await subject.append(`killed-${position}.${number}`, version, [payloadOf(number, version + 1)])
      if (++acknowledged === acknowledgedEnough) await tell({ acknowledged })
    }
  }
  return await Promise.race(Array.from({ length: 64 }, (_, number) => client(number)))
}
