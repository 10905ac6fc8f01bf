// All limits of operations, by name.

/** The maximum UTF-8 bytes of a text that is recorded with what it changes: the limit of the store for a command id. */
export const recordedTextBytesMax = 512
/** The default number of events or rows of a page. */
export const pageDefault = 100
/** The maximum number of events or rows of a page. */
export const pageMax = 1_000
/** The maximum characters of a cursor of a table. With the rest of a URL and the headers it fits into the 16 KiB that Node accepts. */
export const cursorCharactersMax = 8 * 1024
/** After this many bytes of payload a page of events ends early. */
export const pageBytesMax = 8 * 1024 * 1024
/** The default time that a read waits for its table. */
export const waitMsDefault = 5_000
/** The maximum time that a call may wait for a table or a saga. */
export const waitMsMax = 30_000
/** The maximum number of instances of sagas that one page of `listSagas` examines. A page may then be short, or empty, and have a next one. */
export const sagasExaminedMax = 1_000
/** After this many events of their streams such a page ends early as well. */
export const sagaEventsExaminedMax = 20_000
/** The instances whose streams are read together. */
export const sagasReadTogetherMax = 50
/** The commands that a page of `replayDecisions` decides again. */
export const decisionsPageMax = 1_000
/** The events that a what-if of an operation plays again: it runs beside the commands of the system. */
export const playedEventsMax = 50_000
/** The differences, and the states, that a what-if of an operation tells. */
export const whatIfToldMax = 1_000
/** The events that are read to count the versions of an event type. */
export const versionEventsMax = 50_000
