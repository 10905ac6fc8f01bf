// What the server shows whenever somebody asks.
import type { Observer } from 'indelible/adapter'
import { httpInstruments } from './instruments.ts'
import type { Waits } from './waits.ts'

/** Only a server that listens knows its connections. */
export function httpObserver({
  waits,
  connections,
}: {
  readonly waits: Waits
  readonly connections: (() => number) | undefined
}): Observer {
  const shown = [
    { instrument: httpInstruments.waits, value: () => waits.underWay, attributes: {} },
    ...(connections ? [{ instrument: httpInstruments.connections, value: connections, attributes: {} }] : []),
  ]
  return {
    instruments: shown.map(({ instrument }) => instrument),
    read: async () => shown.map(({ value, ...rest }) => ({ ...rest, value: value() })),
  }
}
