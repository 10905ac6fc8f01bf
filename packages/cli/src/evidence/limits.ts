// The limits of bundles, by name: a bundle comes from somebody else, and must not fill memory or disk of who checks it.

/** The bytes of one line: data and metadata of an event have 4 MiB each, and JSON may need six characters for a byte. */
export const lineBytesMax = 64 * 1024 * 1024
/** The bytes of one of the other files. */
export const fileBytesMax = 64 * 1024 * 1024
/** The entries of the zip. */
export const entriesMax = 16
/** The findings that are listed. Reading ends there. */
export const findingsMax = 20
/** The events on the page. */
export const shownEventsMax = 1_000
/** The bytes of their data and metadata, which are kept until the page is written: after those, no more events are on the page. */
export const shownBytesMax = 32 * 1024 * 1024
/** The characters of data and of metadata of an event on the page. */
export const shownCharactersMax = 2_000
/** The versions of code that are listed. */
export const codesMax = 1_000
