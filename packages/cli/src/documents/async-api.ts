// The events that a system sends and the commands that it receives, as AsyncAPI 3 (https://www.asyncapi.com/docs/reference/specification/v3.0.0).
import type { BoardLane } from 'indelible/schema'
import { exampleOf } from './example.ts'
import { fileNames } from './names.ts'
import type { Source } from './source.ts'

/** Events come from the feed of the server, commands go to its routes. */
export function asyncApi(source: Source): unknown {
  const { system, board, eventFiles } = source
  const lanes = board.lanes.filter(({ kind }) => kind !== 'system' && kind !== 'service')
  const sending = lanes.filter(({ events }) => events.length > 0)
  const channelNames = fileNames(lanes.map(nameOfLane))
  const open = system.commands.filter(({ visibility }) => visibility === 'public')
  const commandFiles = fileNames(open.map(source.nameOf))
  const commandsOf = Map.groupBy(open, ({ category }) => category)
  const categories = fileNames([...commandsOf.keys()])
  const messages = {
    ...Object.fromEntries(
      system.events.map((event) => [`event.${eventFiles.get(event.type)}`, eventMessage(event, source)]),
    ),
    ...Object.fromEntries(
      open.map((command) => [`command.${commandFiles.get(source.nameOf(command))}`, commandMessage(command)]),
    ),
  }
  const eventChannels = sending.map((lane) => {
    const keys = lane.events.map(({ name }) => `event.${eventFiles.get(name)}`)
    const channel = {
      address: '/feed',
      title: `Events of ${lane.name}`,
      ...described(lane),
      messages: references(keys),
    }
    return { key: `events.${channelNames.get(nameOfLane(lane))}`, channel, action: 'send', keys }
  })
  const commandChannels = [...commandsOf].map(([category, commands]) => {
    const keys = commands.map((command) => `command.${commandFiles.get(source.nameOf(command))}`)
    const channel = {
      address: `/commands/${encodeURIComponent(category)}/{id}/{command}`,
      title: `Commands for ${category}`,
      parameters: {
        id: { description: `The id of the ${category}.` },
        command: { description: 'The name of the command.' },
      },
      messages: references(keys),
    }
    return { key: `commands.${categories.get(category)}`, channel, action: 'receive', keys }
  })
  const all = [...eventChannels, ...commandChannels]
  return {
    asyncapi: '3.0.0',
    info: {
      title: system.name,
      version: '1',
      description: system.description ?? `What ${system.name} sends and receives.`,
    },
    defaultContentType: 'application/json',
    channels: Object.fromEntries(all.map(({ key, channel }) => [key, channel])),
    operations: Object.fromEntries(
      all.map(({ key, action, keys }) => [
        key,
        {
          action,
          channel: { $ref: `#/channels/${key}` },
          messages: keys.map((message) => ({ $ref: `#/channels/${key}/messages/${message}` })),
        },
      ]),
    ),
    components: { messages },
  }
}

function eventMessage(event: Source['system']['events'][number], { samples }: Source): unknown {
  const { type, schema } = event
  const payload = samples.byType.get(type)?.newest.data ?? exampleOf(schema)
  return message(type, { description: event.description, schema, payload, title: `${type}, version ${event.version}` })
}

function commandMessage({ type, description, input }: Source['system']['commands'][number]): unknown {
  return message(type, { description, schema: input, payload: exampleOf(input), title: type })
}

function message(
  name: string,
  {
    title,
    description,
    schema,
    payload,
  }: {
    readonly title: string
    readonly description: string | null
    readonly schema: object
    readonly payload: unknown
  },
): unknown {
  const { $schema: _, ...own } = schema as Record<string, unknown>
  const isObject = typeof payload === 'object' && payload !== null && !Array.isArray(payload)
  return {
    name,
    title,
    ...(description !== null && { summary: description }),
    contentType: 'application/json',
    payload: { schemaFormat: 'application/schema+json;version=draft-2020-12', schema: own },
    ...(isObject && { examples: [{ payload }] }),
  }
}

function references(keys: readonly string[]): unknown {
  return Object.fromEntries(keys.map((key) => [key, { $ref: `#/components/messages/${key}` }]))
}

function described({ description }: BoardLane) {
  return description === null ? {} : { description }
}

function nameOfLane({ kind, name }: BoardLane): string {
  return kind === 'elsewhere' ? 'elsewhere' : name
}
