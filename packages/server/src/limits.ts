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
/** The default maximum of live feeds. */
export const feedsMaxDefault = 500
/** The maximum share of the connections for live feeds. With those of requests that wait, a tenth is left for all others. */
export const feedsShareMax = 2 / 5
/** The default time after which a live feed without news sends a heartbeat. It is shorter than what common proxies allow. */
export const feedHeartbeatMsDefault = 15_000
/** The default time after which a client is dropped that has no room for what a live feed has to tell. */
export const feedSlowMsDefault = 30_000
/** How often live feeds are checked for both. */
export const feedCheckMs = 500
/** The bytes that wait for a client of a live feed. The feed goes on when there are fewer. */
export const feedBufferBytesMax = 16 * 1024
/** The time that a client has to take the end of a live feed. Then its connection is closed. */
export const feedEndMs = 2_000
/** How long a browser waits before it follows a live feed again whose connection was lost. */
export const feedRetryMs = 2_000
