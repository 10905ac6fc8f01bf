// Sending a command: the only way to change what the domain knows.
import { IndelibleError } from '../kernel/errors.ts'
import type { System } from '../kernel/system.ts'
import type { CommandOutcome } from '../runtime/commands/outcome.ts'
import type { By } from '../runtime/consumers/by.ts'
import type { RunningSystem } from '../runtime/running-system.ts'
import type { JsonSchema } from '../schema/json-schema.ts'
import type { CommandDescription } from '../schema/system-description.ts'
import { asDefinition, definitionName, instantSchema, objectOf, ref } from './json-schemas.ts'
import { recordedTextBytesMax } from './limits.ts'
import { type OperationCase, operation } from './operation.ts'
import { anyJson, given, required, text, wholeNumber } from './parameters.ts'

/** Which command it is. */
export const commandParameters = {
  category: required(text({ description: 'The category of the aggregate.' })),
  id: required(text({ description: 'The id of the aggregate.' })),
  command: required(text({ description: 'The name of the command.' })),
  input: required(anyJson({ description: 'The input of the command.' })),
}

export const sendCommand = operation({
  name: 'sendCommand',
  effect: 'changes',
  needs: ({ category, command, id, input }) => ({ verb: 'send', command: `${category}.${command}`, id, input }),
  parameters: {
    ...commandParameters,
    commandId: text({
      bytesMax: recordedTextBytesMax,
      description:
        'The command id. A command that is sent again with the same id is not carried out again: it gets the first outcome.',
    }),
    correlationId: text({
      bytesMax: recordedTextBytesMax,
      description: 'Shared by everything that one request sets in motion. The command id by default.',
    }),
    validAt: text({
      description: 'When the events are true in the world, if not now: a day or an RFC 3339 date-time.',
    }),
    expectedVersion: wholeNumber({
      description:
        'The command is carried out only if the aggregate is at this version: 0 if the aggregate must not exist yet.',
    }),
  },
  refusals: [
    'invalid_command',
    'invalid_stream_name',
    'invalid_time',
    'reserved_name',
    'unknown_command',
    'command_id_reused',
    'command_claimed',
    'store_full',
  ],
  describe: ({ commands }) => commands.filter(({ visibility }) => visibility === 'public').map(caseOf),
  async run(running, { category, id, command, input, ...options }, { by, signal }): Promise<CommandOutcome> {
    assertPublic(running.system, { category, type: command })
    const outcome = await running.send({ category, id, type: command, input }, given({ ...options, ...by, signal }))
    if (outcome.status === 'accepted' && outcome.duplicate) await assertOwn(running, outcome.commandId, by)
    return outcome
  },
})

/**
 * The outcome of a command is for who sent it. Throws `command_id_reused` where another principal did: it must not pass for a command of the caller.
 * Where no access is declared, nobody knows who the callers are.
 */
async function assertOwn({ access, store }: RunningSystem, commandId: string, { actor }: By): Promise<void> {
  if (access.isOpen) return
  const commit = await store.findCommit(commandId)
  for await (const { events } of store.read('all', { from: commit?.firstPosition ?? 1, limit: 1, reserved: true })) {
    if (events[0]?.metadata.actor === actor) return
  }
  throw new IndelibleError('command_id_reused', `Command id "${commandId}" was used before, by another principal.`, {
    details: { commandId },
  })
}

/** Throws `unknown_command` for an internal command. */
export function assertPublic({ commands }: System, target: { readonly category: string; readonly type: string }): void {
  const declared = commands.find(({ category, type }) => category === target.category && type === target.type)
  if (declared?.visibility !== 'internal') return
  throw new IndelibleError('unknown_command', `There is no command "${target.type}" for "${target.category}".`)
}

function caseOf(described: CommandDescription): OperationCase {
  const { category, type, description, refuses } = described
  const name = nameOf(described)
  const domainRefusals = refuses.map(({ reason, details }) => ({
    reason,
    details: details ? ref(`${name}.${reason}.details`) : { type: 'object' },
  }))
  return {
    given: { category, command: type },
    group: category,
    summary: type,
    ...(description !== null && { description }),
    schemas: { input: ref(name) },
    result: {
      description: 'The outcome. Tell outcomes apart by status.',
      schema: { anyOf: [ref('Accepted'), ...domainRefusals.map(refusedSchema), ref('Conflict')] },
    },
    domainRefusals,
  }
}

/** The definitions that the cases refer to. */
export function commandDefinitions(commands: readonly CommandDescription[]): Readonly<Record<string, JsonSchema>> {
  const domain = commands
    .filter(({ visibility }) => visibility === 'public')
    .flatMap((described) => {
      const name = nameOf(described)
      const details = described.refuses.flatMap(({ reason, details }): [string, JsonSchema][] =>
        details ? [[`${name}.${reason}.details`, details]] : [],
      )
      return [[name, described.input] as const, ...details]
    })
  return {
    Accepted: acceptedSchema,
    Conflict: conflictSchema,
    ...Object.fromEntries(domain.map(([name, schema]) => [definitionName(name), asDefinition(name, schema)])),
  }
}

/** The name of the definition of its input. */
export function nameOf({ category, type }: CommandDescription): string {
  return `${category}.${type}`
}

const common = { commandId: { type: 'string' }, stream: { type: 'string' } }

function refusedSchema({ reason, details }: { reason: string; details: JsonSchema }): JsonSchema {
  return {
    description: 'The domain refused the command. Nothing was recorded.',
    ...objectOf({
      status: { const: 'refused' },
      reason: { const: reason },
      details,
      ...common,
      version: { type: 'integer' },
    }),
  }
}

const acceptedSchema: JsonSchema = objectOf({
  status: { const: 'accepted' },
  ...common,
  version: { type: 'integer', description: 'The version of the aggregate after the command.' },
  position: { type: 'integer', description: 'A read that waits for this position, with waitFor, shows the events.' },
  recordedAt: {
    ...instantSchema,
    type: ['string', 'null'],
    description: 'Null if there was nothing to record.',
  },
  duplicate: { type: 'boolean', description: 'True if an earlier command with this id was carried out already.' },
})

const conflictSchema: JsonSchema = {
  description:
    'The aggregate is not at the expected version, or other commands changed it at the same time, again and again. Nothing was recorded.',
  ...objectOf({
    status: { const: 'conflict' },
    ...common,
    version: { type: 'integer', description: 'The current version of the aggregate.' },
    expectedVersion: { type: 'integer' },
  }),
}
