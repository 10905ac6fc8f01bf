// The modules of what is outside: activities of HTTP services, and other systems.
import type { Board, BoardLane } from 'indelible/schema'
import { type Code, call, chain, commented, group, list, object, text } from './code.ts'
import { eventCode } from './lanes.ts'
import { described } from './listeners.ts'
import { Module } from './module.ts'
import { pascal } from './names.ts'
import type { PlacedCommand, Places } from './places.ts'
import { typeOf } from './places.ts'
import { names, schemaOf } from './values.ts'

type Written = readonly [file: string, text: string]

export function activityText({ lane, command, type, place }: PlacedCommand, board: Board, places: Places): Written {
  const module = new Module(place.file)
  module.use('indelible', 'activity')
  module.use('zod', 'z')
  const refuses = command.refuses.map((reason, index) => [statuses[index]!, text(reason)] as const)
  const definition = object({
    description: described(command),
    service: text(lane.name),
    input: schemaOf(command.fields),
    call: text(command.call!),
    emits: module.see(places.events.get(command.emits[0]!)!),
    refuses:
      refuses.length === 0
        ? undefined
        : group(
            '{',
            refuses.map(([status, reason]) => `${status}: ${reason}`),
            '}',
          ),
    giveUp: isTimed(command.name, board) ? text('DELETE /by-key/{idempotencyKey}') : undefined,
  })
  const comments = [
    ...(refuses.length === 0 ? [] : ['To check: the status of each refusal.']),
    ...(isTimed(command.name, board) ? ['To check: how the service is asked not to do it any more (giveUp).'] : []),
  ]
  return [
    place.file,
    module.written(command.description ?? `${type}, which the service "${lane.name}" does.`, [
      commented(comments, [`export const ${place.name} = `, call('activity', text(type), definition)]),
    ]),
  ]
}

/** Whether a step with a timeout sends it: then the service must be able to give it up. */
function isTimed(command: string, board: Board): boolean {
  const text = JSON.stringify(
    board.sagas.flatMap(({ steps }) => steps),
    (_key, value) => (value?.kind === 'step' && value.timeout !== null ? { ...value, timed: value.sends } : value),
  )
  return text.includes(`"timed":${JSON.stringify(command)}`)
}

export function remoteText(lane: BoardLane, board: Board, places: Places): Written {
  const { file, name } = places.remotes.get(lane.name)!
  const module = new Module(file)
  module.use('indelible', 'remoteSystem')
  const heard = lane.events.map((each) => ({ event: each, name: pascal(each.name.slice(lane.name.length + 1)) }))
  const unknown = [...new Set(lane.commands.flatMap(({ emits }) => emits))].filter((each) => !places.events.has(each))
  const own = (each: string) => {
    const known = heard.find(({ event }) => event.name === each || event.name === `${lane.name}.${each}`)
    if (known) return known.name
    return places.events.has(each) ? module.see(places.events.get(each)!) : pascal(each)
  }
  if (heard.length + unknown.length > 0) module.use('indelible', 'event')
  if (heard.length + unknown.length + lane.commands.length > 0) module.use('zod', 'z')
  if (lane.commands.length > 0) module.use('indelible', 'aggregate')
  const emitted = [...new Set(lane.commands.flatMap(({ emits }) => emits).map(own))]
  const commands = lane.commands.map((command) => ({
    command,
    type: typeOf(command, lane),
    name: pascal(typeOf(command, lane)),
  }))
  const parts: Code[] = [
    ...heard.map(({ event, name: each }) =>
      eventCode(event, `const ${each}`, board, event.name.slice(lane.name.length + 1)),
    ),
    ...unknown.map((each): Code => `const ${pascal(each)} = event(${text(each)}, z.object({}))`),
    ...(commands.length === 0
      ? []
      : [
          commented(
            ['To check: the category of the streams that its commands write there.'],
            chain(
              ['const there = ', call('aggregate', text(lane.name), '{ initialState: {} }')],
              emitted.map((each) => call('.on', each, '(state) => state')),
            ),
          ),
        ]),
    ...commands.map(({ command, type, name: each }) => [
      `const ${each} = `,
      call(
        'there.command',
        text(type),
        object({
          description: described(command),
          input: schemaOf(command.fields),
          emits: names(command.emits.map(own)),
          refuses: command.refuses.length === 0 ? undefined : list(command.refuses.map(text)),
          decide: '() => []',
        }),
      ),
    ]),
    [
      `export const ${name} = `,
      call(
        'remoteSystem',
        text(lane.name),
        object({
          description: described(lane),
          commands: commands.length === 0 ? undefined : names(commands.map((each) => each.name)),
          events: heard.length === 0 ? undefined : names(heard.map((each) => each.name)),
        }),
      ),
    ],
  ]
  return [
    file,
    module.written(`The other system "${lane.name}", as this one knows it. It decides; nothing here does.`, parts),
  ]
}

/** Of refusals, in the order in which they are given out. */
export const statuses: readonly number[] = [422, 402, 403, 404, 410, 412, 413, 423, 451]
