// Every bound of the kernel by name, so that nothing grows without someone having decided how far.

/** The bytes of one event's data, and separately of its metadata. */
export const eventBytesMax = 4 * 1024 * 1024
/** The events of one commit. */
export const commitEventsMax = 10_000
/** The bytes of all data and metadata in one commit. */
export const commitBytesMax = 32 * 1024 * 1024
/** The UTF-8 bytes of an event type, a tag, a command id or a content type. */
export const nameBytesMax = 512
/** The UTF-8 bytes of a correlation id that events can be found by; a longer one is only kept. */
export const correlationIdBytesMax = 512
/** The characters of a category, and of the name of a saga or step, which are a byte each: with an id they still make a stream name and a command id. */
export const categoryCharactersMax = 80
/** The UTF-8 bytes of the id in a stream name. */
export const streamIdBytesMax = 256
/** The days of a saga's timeout, a hundred years: the deadline is recorded as an instant, and those end. */
export const durationDaysMax = 36_500
/** The highest version of an event's schema: two bytes in the log. */
export const schemaVersionMax = 65_535
/** The tags of one event. */
export const tagsMax = 64
/** The items of one query. */
export const queryItemsMax = 1_000
/** The types that one replay asks for. */
export const replayTypesMax = 1_000
/** Levels of objects inside each other in what is compared by its text. */
export const canonicalDepthMax = 1_000
/** The parts of a value that is compared by its text. */
export const canonicalPartsMax = 1_000_000
/** The events of one batch handed to a reader. */
export const batchEventsMax = 1_000
