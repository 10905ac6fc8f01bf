// `indelible prove`: that an event is in the log that was signed, or that an earlier log is the beginning of a later one.
import type { Command } from 'commander'
import { type ProvedConsistency, type ProvedEvent, proveConsistency, proveEvent } from 'indelible/proofs'
import { CliError } from '../errors/index.ts'
import { addCommand } from '../help.ts'
import { addCommonOptions, type CommonOptions, openTree, wholeNumber } from '../options/index.ts'
import { jsonLine } from '../output/index.ts'
import { type Session, untilInterrupted } from '../session.ts'

interface Options extends CommonOptions {
  readonly consistency?: readonly string[]
}

export function addProve(program: Command, session: Session): void {
  const command = addCommand(program, 'prove', {
    summary: 'prove that an event is in the signed log',
    about:
      'Print a proof that an event is in the log as its last checkpoint has it: a text that can be checked offline, with the public key of the log ' +
      '(C2SP tlog-proof). With --consistency, prove that the log of A events is the beginning of the log of B events. Needs a system that keeps a ' +
      'Merkle tree (proofs in the config).',
    examples: [
      ['indelible prove 576 > 576.tlog-proof', 'a proof of the event at position 576'],
      ['indelible prove 576 --json', 'the same with the event, as JSON'],
      ['indelible prove --consistency 1000 2000', 'the log of 2,000 events begins with that of 1,000'],
      ['indelible prove --consistency 1000', 'the log of the last checkpoint begins with that of 1,000 events'],
    ],
  })
    .argument('[position]', 'the position of an event', wholeNumber('<position>', 'a position', 1))
    .option('--consistency <sizes...>', 'the number of events of the earlier log, and of the later one')
  addCommonOptions(command).action((position: number | undefined) =>
    prove(position, command.optsWithGlobals(), session),
  )
}

async function prove(position: number | undefined, options: Options, session: Session): Promise<void> {
  const { consistency, json } = options
  if ((position === undefined) === (consistency === undefined))
    throw new CliError('usage', 'Give the position of an event, or --consistency with the sizes of two logs.')
  const { store, files } = await openTree(options, session)
  try {
    const work = consistency
      ? proveConsistency({ files }, sizesIn(consistency)).then((proved) => consistencyOutput(proved, json))
      : proveEvent({ store, files }, position!).then((proved) => eventOutput(proved, json))
    await session.out.write(await untilInterrupted(work, session.signal))
  } finally {
    await store.close()
  }
}

function sizesIn(texts: readonly string[]): { from: number; to: number | undefined } {
  if (texts.length > 2) throw new CliError('usage', '--consistency takes one or two sizes.')
  const [from, to] = texts.map(wholeNumber('--consistency', 'the number of events of a log', 0))
  return { from: from!, to }
}

function eventOutput({ event, proof }: ProvedEvent, json = false): string {
  return json ? `${jsonLine({ position: event.position, event, proof })}\n` : proof
}

function consistencyOutput({ from, to, proof, checkpoint }: ProvedConsistency, json = false): string {
  const shown = (tree: typeof from) => ({ size: tree.size, root: base64(tree.root) })
  const hashes = proof.map(base64)
  if (json) return `${jsonLine({ from: shown(from), to: shown(to), proof: hashes, checkpoint: checkpoint ?? null })}\n`
  const tree = (name: string, { size, root }: typeof from) => `${name} ${size} ${base64(root)}\n`
  const lines = hashes.map((hash) => `${hash}\n`).join('')
  return `${tree('from', from)}${tree('to', to)}${lines}${checkpoint === undefined ? '' : `\n${checkpoint}`}`
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64')
}
