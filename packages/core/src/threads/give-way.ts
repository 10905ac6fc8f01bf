// Lets the threads of a process run before this one, where the system has priorities for threads.
import { readlinkSync } from 'node:fs'
import { setPriority } from 'node:os'

/** From -20 to 19. At 10 a thread gets about a tenth of a processor that others use up, and all of one that they leave idle. */
const niceness = 10

/** Linux has a priority for each thread. Elsewhere it would be that of the whole process, so nothing is done. */
export function giveWay(): void {
  if (process.platform !== 'linux') return
  try {
    const thread = Number(readlinkSync('/proc/thread-self').split('/').at(-1))
    setPriority(thread, niceness)
  } catch {
    // Without /proc, or where it is forbidden, it runs like the others.
  }
}
