// Two banks as two processes with two logs, and the network between them.
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type BankProcess, bankProcess, freePort } from './bank-process.ts'
import { type Network, networkTo } from './network.ts'

export interface TwoBanks {
  /** The bank that sends transfers, and its partner. */
  readonly near: BankProcess
  readonly far: BankProcess
  /** Both directions of the network. */
  readonly network: Pick<Network, 'cut' | 'hang' | 'join'>
  close(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>
}

/** Resolves when both are open. Their logs are in `near` and `far` of the folder. */
export async function twoBanks(dir: string): Promise<TwoBanks> {
  await mkdir(dir, { recursive: true })
  const [nearPort, farPort] = [await freePort(), await freePort()]
  const networks = [await networkTo(farPort), await networkTo(nearPort)] as const
  const [toFar, toNear] = networks
  const near = bankProcess({ dataDir: join(dir, 'near'), port: nearPort, partnerUrl: toFar.url })
  const far = bankProcess({ dataDir: join(dir, 'far'), port: farPort, partnerUrl: toNear.url })
  const close = async (signal: 'SIGTERM' | 'SIGKILL') => {
    await Promise.all([near.end(signal), far.end(signal)])
    await Promise.all(networks.map((each) => each.close()))
  }
  const each = (act: 'cut' | 'hang' | 'join') => () => {
    for (const network of networks) network[act]()
  }
  try {
    await Promise.all([near.start(), far.start()])
  } catch (error) {
    await close('SIGKILL')
    throw error
  }
  return { near, far, network: { cut: each('cut'), hang: each('hang'), join: each('join') }, close }
}
