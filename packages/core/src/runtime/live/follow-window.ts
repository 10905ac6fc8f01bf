// One reader of a live feed: it asks for the next messages whenever it can take them, so nothing queues up for it. While the window has what it needs, it gets
// what all get; where the window has moved on, it is told what it missed in another way, and comes back to the window without a gap.
import type { Position } from '../../kernel/positions.ts'
import { historyUpTo } from '../../store/history.ts'
import type { EventStore } from '../../store/port.ts'
import { feedProgressMs } from '../limits.ts'
import { endMessage, type FeedBatch } from './message.ts'
import type { Entry, Step, View, Window } from './window.ts'

export interface Reader<Each extends Entry> {
  readonly store: Pick<EventStore, 'historyAt'>
  readonly window: Window<Each>
  readonly view: View<Each>
  /** The reader has everything up to here; nothing when undefined. */
  readonly after: Position | undefined
  /** The end of the log when the reader came: it has not caught up before that. */
  readonly head: Position
  /** What leads from a position that the window does not cover towards it: at least one step. */
  readonly missed: (after: Position | undefined) => AsyncIterable<Step>
  readonly signal: AbortSignal
}

export async function* followWindow<Each extends Entry>(reader: Reader<Each>): AsyncGenerator<FeedBatch> {
  const { store, window, view, after, head, missed, signal } = reader
  const reached = async (kind: 'caught-up' | 'progress', position: Position): Promise<FeedBatch> => {
    return [{ kind, position, data: { position, history: await historyUpTo(store, position) } }]
  }
  let at = after
  let isBehind = true
  let toldAt = performance.now()
  while (!signal.aborted) {
    if (at === undefined || !window.covers(at)) {
      isBehind = true
      for await (const { messages, through } of missed(at)) {
        if (signal.aborted) return
        if (messages.length > 0) yield messages
        at = through
      }
      continue
    }
    const step = window.after(at, view)
    if (step) {
      at = step.through
      if (step.messages.length > 0) yield step.messages
      else if (performance.now() - toldAt > feedProgressMs) yield await reached('progress', at)
      else continue
      toldAt = performance.now()
    } else if (isBehind && at >= head) {
      isBehind = false
      yield await reached('caught-up', at)
    } else if (!(await window.grows(at, signal))) {
      yield [endMessage('closing')]
      return
    }
  }
}
