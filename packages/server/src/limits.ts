// Every bound of the server by name.

/** The bytes of a request body, unless the options say otherwise. */
export const bodyBytesMaxDefault = 1024 * 1024
/** Arrays and objects inside each other in a request body: deeper ones would overflow the stack of code that walks them. */
export const jsonDepthMax = 100
/** The UTF-8 bytes of a header that is recorded: what a store takes as a command id. */
export const recordedHeaderBytesMax = 512
/** The events or rows of a page when the request does not say. */
export const pageDefault = 100
/** The events or rows of a page. */
export const pageMax = 1_000
/** The bytes of payload after which a page of events ends early. */
export const pageBytesMax = 8 * 1024 * 1024
/** How long a read waits for its table when the request does not say. */
export const waitMsDefault = 5_000
/** How long a read may wait for its table or saga. */
export const waitMsMax = 30_000
/** Requests that wait for a table or a saga at the same time, unless the options say otherwise. */
export const waitsMaxDefault = 500
/** The part of a server's connections that may be taken by requests that wait: the others are for those who do not. */
export const waitsShareMax = 1 / 2
/** Requests that a connection sends ahead, before it is read from no more until it has some of their answers. */
export const requestsAheadMax = 16
/** When a client should try again what may succeed later. */
export const retryAfterSeconds = 1
/** The connections of a server, unless the options say otherwise or the process has few descriptors. */
export const connectionsMaxDefault = 1_000
/** How long a new connection may take to send the headers of its first request, unless the options say otherwise. */
export const headersTimeoutMsDefault = 10_000
/** How long a connection may stay idle between two requests: longer than the proxies in front do, so that none sends a request on one that is just being closed. */
export const idleTimeoutMs = 75_000
/** How often the server looks for those that are too slow. */
export const slowCheckMs = 1_000
/** How long a client may take to send a whole request. */
export const requestTimeoutMs = 30_000
/** How long `close` lets requests under way finish, unless the options say otherwise. */
export const closeTimeoutMsDefault = 10_000
