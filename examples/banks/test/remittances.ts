// The remittances of the real bank: who sent how much to which account of which other bank.
import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

export interface Remittance {
  readonly id: string
  readonly from: string
  readonly to: string
  /** In halers. */
  readonly amount: number
}

/** The first of them, in the order of the file. */
export async function realRemittances(dir: string, count: number): Promise<readonly Remittance[]> {
  const found: Remittance[] = []
  for await (const line of createInterface(createReadStream(join(dir, 'trans.asc')))) {
    const [id, from, , , operation, amount, , , bank, account] = line.replaceAll('"', '').split(';')
    if (operation !== 'PREVOD NA UCET') continue
    const [crowns, halers] = amount!.split('.') as [string, string]
    found.push({ id: id!, from: from!, to: `${bank}-${account}`, amount: Number(crowns + halers) })
    if (found.length === count) break
  }
  return found
}
