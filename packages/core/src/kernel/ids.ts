// Ids that sort by the time they were made: UUIDv7, RFC 9562 section 5.7 (https://www.rfc-editor.org/rfc/rfc9562#name-uuid-version-7).
import type { Clock } from './time.ts'

/** Makes one id a call. Passed in wherever ids are needed, so that tests can foresee them. */
export type IdGenerator = () => string

const form = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

export function isUuid(text: string): boolean {
  return form.test(text)
}

/** UUIDv7 generator; ids made in one millisecond keep their order by a counter in the 12 bits after the version. */
export function uuidV7({ clock, fillRandom }: { clock: Clock; fillRandom: (bytes: Uint8Array) => void }): IdGenerator {
  const pool = new Uint8Array(8 * 256)
  let used = pool.length
  let lastMs = 0
  let counter = 0

  return () => {
    const now = clock.now()
    if (now > lastMs) {
      lastMs = now
      counter = 0
    } else if (++counter > 0xfff) {
      lastMs++
      counter = 0
    }
    if (used === pool.length) {
      fillRandom(pool)
      used = 0
    }
    const time = lastMs.toString(16).padStart(12, '0')
    let random = ''
    for (const end = used + 8; used < end; used++) random += (pool[used]! + 0x100).toString(16).slice(1)
    const variant = (0x8 | (Number.parseInt(random[0]!, 16) & 0x3)).toString(16)
    return `${time.slice(0, 8)}-${time.slice(8)}-7${counter.toString(16).padStart(3, '0')}-${variant}${random.slice(1, 4)}-${random.slice(4)}`
  }
}
