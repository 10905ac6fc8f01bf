// An event of another system as this log keeps it: the same event, with the same id, under names that say where it comes from.
import { isJson, type NewEvent, type RecordedEvent } from '../../kernel/events.ts'
import { type AnyRemoteSystem, remotePrefix } from '../../kernel/remotes.ts'
import { isReserved } from '../../kernel/reserved.ts'
import type { StreamName } from '../../kernel/streams.ts'

/** Its metadata stay as they are, and say in addition where the event is in the other log. */
export function copiedEvent(remote: AnyRemoteSystem, event: RecordedEvent): NewEvent {
  const { id, stream, type, schemaVersion, contentType, tags, validAt, position, version, recordedAt } = event
  const prefix = remotePrefix(remote)
  return {
    id,
    stream: `${prefix}${stream}` as StreamName,
    type: prefix + type,
    schemaVersion,
    contentType,
    data: isJson(contentType) ? event.data : event.dataBytes,
    metadata: { ...event.metadata, remote: { system: remote.name, position, version, recordedAt } },
    tags: tags.filter((tag) => !isReserved(tag)),
    validAt,
  }
}

/** The id of the commit that copies an event: it is copied once, however often it is read. */
export function copyId(remote: AnyRemoteSystem, { id }: RecordedEvent): string {
  return `$feed.${remote.name}:${id}`
}
