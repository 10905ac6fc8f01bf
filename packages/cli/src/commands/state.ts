// `indelible state`: what an aggregate is, or was, folded through its declaration.
import { inspect } from 'node:util'
import type { Command } from 'commander'
import { type AnyAggregate, type EventStore, isIndelibleError, type Position, type ValidTime, type Version } from 'indelible'
import { fileStore } from 'indelible/file'
import { type AsOf, type StateAsOf, stateAsOf } from 'indelible/history'
import { time, wholeNumber } from '../arguments.ts'
import { addCommonOptions, type CommonOptions } from '../common-options.ts'
import { loadConfig, placeOf } from '../config.ts'
import { CliError } from '../errors.ts'
import { addCommand } from '../help.ts'
import { type Session, untilInterrupted } from '../session.ts'
import { jsonLine } from '../text.ts'

interface Options extends CommonOptions {
  readonly version?: Version
  readonly position?: Position
  readonly recordedAt?: ValidTime
  readonly validAt?: ValidTime
}

export function addState(program: Command, session: Session): void {
  const command = addCommand(program, 'state', {
    about: 'Fold the state of an aggregate, now or at a point of history, through the declarations in the config.',
    examples: [
      ['indelible state account 576', 'what it is now'],
      ['indelible state account 576 --version 3', 'what it was after its third event'],
      ['indelible state account 576 --recorded-at 2026-11-23', 'what we knew at the end of that day (UTC)'],
      ['indelible state account 576 --valid-at 2026-11-23T12:00:00Z', 'what was true then, by what we know now'],
    ],
  })
    .argument('<category>', 'the category of the aggregate, for example account')
    .argument('<id>', 'its id, for example 576')
    .option('--version <version>', 'after this event of its own', wholeNumber('--version', 'a version', 1))
    .option('--position <position>', 'at this position of the log', wholeNumber('--position', 'a position', 1))
    .option('--recorded-at <time>', 'as it was recorded by then', time('--recorded-at'))
    .option('--valid-at <time>', 'as it was true then, late news included', time('--valid-at'))
  addCommonOptions(command).action((category: string, id: string) =>
    state({ category, id }, command.optsWithGlobals(), session),
  )
}
