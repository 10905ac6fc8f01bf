// All limits of the server, by name.

/** The default maximum for the bytes of a request body. */
export const bodyBytesMaxDefault = 1024 * 1024
/** The maximum nesting of arrays and objects in a request body. Deeper ones would overflow the stack of recursive code. */
export const jsonDepthMax = 100
/** The default maximum of requests that wait for a table or a saga at the same time. */
export const waitsMaxDefault = 500
/** The maximum share of the connections for requests that wait. The others are left for requests that do not wait. */
export const waitsShareMax = 1 / 2
/** The maximum number of pipelined requests of a connection. Above it, the server stops reading from the connection until it has sent responses. */
export const requestsAheadMax = 16
/** The value of Retry-After for requests that may succeed later. */
export const retryAfterSeconds = 1
/** The default maximum of connections, if the process has enough file descriptors. */
export const connectionsMaxDefault = 1_000
/** The default time for the headers of the first request on a new connection. */
export const headersTimeoutMsDefault = 10_000
/** The time that a connection may be idle between two requests. It is longer than that of common proxies, so that a proxy does not send a request on a connection that is being closed. */
export const idleTimeoutMs = 75_000
/** The interval of the check for connections that are too slow. */
export const slowCheckMs = 1_000
/** The time that a client has to send a whole request. */
export const requestTimeoutMs = 30_000
/** The default time that `close` gives requests under way to finish. */
export const closeTimeoutMsDefault = 10_000
/** The default time in which another system must answer a request, in addition to the time that the request waits there. */
export const answerTimeoutMsDefault = 10_000
/** The maximum UTF-8 bytes of an actor: the limit of recorded texts. */
export const recordedTextBytesMax = 512
/** The refused requests that the operator is told of in a second. The others are counted. */
export const refusalsToldPerSecondMax = 10
/** How far the clock of a provider of tokens may differ by default, and at most. */
export const clockSkewSecondsDefault = 30
export const clockSkewSecondsMax = 300
/** The default of the least time between two requests to a provider for its keys. */
export const keysCooldownSecondsDefault = 5
/** Keys of a provider that are older are asked for again in the background. */
export const keysMaxAgeMs = 10 * 60_000
/** The requests whose tokens wait for new keys of a provider. */
export const keyWaitsMax = 100
/** The time in which a provider must answer. */
export const providerTimeoutMs = 5_000
/** The maximum bytes of an answer of a provider. */
export const providerBytesMax = 1024 * 1024
/** The interval in which the files of TLS are looked at. */
export const certificateCheckMs = 1_000
/** The time after a change of one of these files in which the others may change too. */
export const certificateSettleMs = 200
