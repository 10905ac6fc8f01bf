// Clients in a closed loop: each starts its next act when the last one is done. The rate is measured in a window after a warm-up, at full load.

export interface ClosedLoop {
  readonly clients: number
  readonly warmupMs: number
  readonly measureMs: number
  /** Ends the window earlier, after this many acts, for cases in which more acts would change what is measured. */
  readonly actsMax?: number
  /** The clock is read once per this many acts: reading it costs time, and a timer would not fire while acts are synchronous. */
  readonly actsPerLook: number
}

export interface LoopResult {
  /** Acts per second. */
  readonly rate: number
  /** The acts of each client, including those of the warm-up and the end. */
  readonly turns: Uint32Array
}

/** `act` gets the number of the client and the number of its act, both from 0 on. */
export async function closedLoop(
  { clients, warmupMs, measureMs, actsMax = Number.POSITIVE_INFINITY, actsPerLook }: ClosedLoop,
  act: (client: number, turn: number) => Promise<unknown>,
): Promise<LoopResult> {
  const turns = new Uint32Array(clients)
  const begin = performance.now()
  let done = 0
  let start: Look | undefined
  let end: Look | undefined

  const look = () => {
    const now: Look = { at: performance.now(), done }
    if (start === undefined) start = now.at - begin >= warmupMs ? now : undefined
    else if (end === undefined && (now.at - start.at >= measureMs || now.done - start.done >= actsMax)) end = now
  }
  const client = async (number: number) => {
    for (let turn = 0; end === undefined; turn++) {
      await act(number, turn)
      turns[number]!++
      if (++done % actsPerLook === 0) look()
    }
  }
  await Promise.all(Array.from({ length: clients }, (_, number) => client(number)))
  return { rate: perSecond(start!, end!), turns }
}

interface Look {
  readonly at: number
  readonly done: number
}

function perSecond(start: Look, end: Look): number {
  return ((end.done - start.done) / (end.at - start.at)) * 1000
}
