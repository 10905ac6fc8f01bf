// The limits of the kernel, each with a name, so that nothing grows without a decision how far.

/** The bytes of one event's data, and separately of its metadata. */
export const eventBytesMax = 4 * 1024 * 1024
/** The events of one commit. */
export const commitEventsMax = 10_000
/** The bytes of all data and metadata in one commit. */
export const commitBytesMax = 32 * 1024 * 1024
/** The UTF-8 bytes of an event type, a tag, a command id or a content type. */
export const nameBytesMax = 512
/** The UTF-8 bytes of a correlation id for queries. A longer one is stored, but no query finds it. */
export const correlationIdBytesMax = 512
/** The characters of a category, and of the name of a saga or step. They are a byte each, and leave room for an id in stream names and command ids. */
export const categoryCharactersMax = 80
/** The UTF-8 bytes of the id in a stream name. */
export const streamIdBytesMax = 256
/** The days of a saga's timeout, a hundred years: the deadline must be a valid instant. */
export const durationDaysMax = 36_500
/** The highest version of an event's schema: two bytes in the log. */
export const schemaVersionMax = 65_535
/** Of what a declaration says about itself. */
export const descriptionCharactersMax = 2_000
/** The tags of one event. */
export const tagsMax = 64
/** The items of one query. */
export const queryItemsMax = 1_000
/** The types that one replay asks for. */
export const replayTypesMax = 1_000
/** The depth of a value that is compared by its text: levels of objects inside objects. */
export const canonicalDepthMax = 1_000
/** The parts of a value that is compared by its text. */
export const canonicalPartsMax = 1_000_000
/** The events of one batch handed to a reader. */
export const batchEventsMax = 1_000
