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
/** The refused requests that the operator is told of in a second. The others are counted. */
export const refusalsToldPerSecondMax = 10
/** How far the clock of a provider of tokens may differ by default, and at most. */
export const clockSkewSecondsDefault = 30
export const clockSkewSecondsMax = 300
/** The default of the least time between two requests to a provider for its keys. */
export const keysCooldownSecondsDefault = 5
/** Keys of a provider that are older are asked for again in the background. */
export const keysMaxAgeMs = 10 * 60_000
/** The time for which a token that was checked is not checked again, if it does not expire before and the keys of its provider stay. */
export const tokenRememberedMs = 5 * 60_000
/** The tokens that are remembered at the same time. */
export const tokensRememberedMax = 10_000
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
/** The default requests of a caller a second. */
export const requestsPerSecondDefault = 1_000
/** The default heavy requests of a caller a second. */
export const heavyPerSecondDefault = 20
/** A caller that did less before may do at once what it may do in this time. */
export const burstSeconds = 5
/** The maximum of callers whose requests are counted apart. Those above it are counted together. */
export const bucketsMax = 10_000
/** How often buckets are looked through for full ones, at most. */
export const bucketsSweepMs = 1_000
/** The default maximum of heavy requests at the same time. */
export const heavyAtOnceMaxDefault = 8
/** The maximum share of them for one caller. */
export const heavyCallerShareMax = 1 / 2
/** The default maximum of other reads at the same time. Further ones wait in a line. */
export const readsAtOnceMaxDefault = 16
/** The default time for the answer to a read. */
export const readTimeoutMsDefault = 60_000
/** The default time for the answer to a heavy read. */
export const heavyTimeoutMsDefault = 600_000
/** The default maximum for the bytes of a response. A page of events has about 8 MiB at most. */
export const responseBytesMaxDefault = 64 * 1024 * 1024
/** The default maximum for the bytes of large bodies that have not arrived completely and of large responses that clients have not taken. */
export const heldBytesMaxDefault = 256 * 1024 * 1024
/** Bodies and responses up to this are not counted among them: the number of connections bounds them. */
export const smallBytesMax = 64 * 1024
/** A client that takes nothing of a response for this time is disconnected. */
export const slowReaderMs = 30_000
/** The maximum bytes of path and query. A cursor of a table has up to 8 KiB. */
export const urlBytesMax = 12 * 1024
/** The maximum number of headers of a request. */
export const headersMax = 100
/** The maximum bytes of the request line and all headers. */
export const headersBytesMax = 16 * 1024
/** How long an answer of `/livez` and `/readyz` holds. */
export const probeCacheMs = 1_000
/** The default of events that a table may be behind for the server to be ready. */
export const readyLagEventsMaxDefault = 10_000
/** The default time between "not ready" and the end, so that a load balancer sends no more requests. */
export const drainMsDefault = 5_000
/** Nobody waits for a server to be not ready if nobody asked within this time. */
export const readyAskedMs = 60_000
/** The default maximum of live feeds. */
export const feedsMaxDefault = 500
/** The maximum share of the connections for live feeds. With those of requests that wait, a tenth is left for all others. */
export const feedsShareMax = 2 / 5
/** The default time after which a live feed without news sends a heartbeat. It is shorter than what common proxies allow. */
export const feedHeartbeatMsDefault = 15_000
/** The default time after which a client is dropped that has no room for what a live feed has to tell. */
export const feedSlowMsDefault = 30_000
/** How often the identities are asked whether the client of a live feed is still who it was. */
export const feedIdentityMs = 5_000
/** How often live feeds are checked for all of this. */
export const feedCheckMs = 500
/** The bytes that wait for a client of a live feed. The feed goes on when there are fewer. */
export const feedBufferBytesMax = 16 * 1024
/** The time that a client has to take the end of a live feed. Then its connection is closed. */
export const feedEndMs = 2_000
/** How long a browser waits before it follows a live feed again whose connection was lost. */
export const feedRetryMs = 2_000
