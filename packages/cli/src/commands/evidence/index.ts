// `indelible evidence`: writes the history of a stream with its proofs to one file, and checks such files offline.
import type { Command } from 'commander'
import type { StreamName } from 'indelible'
import { addCommand } from '../../help.ts'
import { addCommonOptions, addServerOptions, stream } from '../../options/index.ts'
import type { Session } from '../../session.ts'
import { type MakeOptions, make } from './make.ts'
import { addVerify } from './verify.ts'

export function addEvidence(program: Command, session: Session): void {
  const command = addCommand(program, 'evidence', {
    summary: 'write the history of a stream with its proofs to a file, or check such a file',
    about:
      'Write all events of a stream, with a proof of each, the signed checkpoint, the public keys, a page to read and print, and instructions, ' +
      'to one zip file. Who gets it can check it offline, with "indelible evidence verify" or without Indelible. The written file is checked too. ' +
      'Needs a system that keeps a Merkle tree (proofs in the config).',
    examples: [
      ['indelible evidence account-576 --out 576.zip', 'the history of one account'],
      ['indelible evidence account-576 --out 576.zip --url http://127.0.0.1:3000', 'from a running server'],
      [
        'indelible evidence account-576 --out 576.zip --checkpoint /safe/checkpoint',
        'as the log was at that checkpoint',
      ],
      ['indelible evidence verify 576.zip --key bank.example/log+1a2b3c4d+AT8…', 'check it, offline'],
    ],
  })
    .argument('[stream]', 'the name of the stream', stream)
    .option('--out <file>', 'the zip file to write; it must not exist')
    .option('--checkpoint <file>', 'prove against this checkpoint, not against the newest one')
    .helpCommand(false)
  addServerOptions(command)
  addCommonOptions(command).action((name: StreamName | undefined) =>
    make(name, command.optsWithGlobals<MakeOptions>(), session),
  )
  addVerify(command, session)
}
