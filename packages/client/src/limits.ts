// All limits of the client, by name.

/** The default time for one request, with all its tries. */
export const timeoutMsDefault = 30_000
/** The default time for one try of a request, besides the time that the server is asked to wait. */
export const tryTimeoutMsDefault = 10_000
/** The default maximum of tries of one request. */
export const triesMaxDefault = 10
/** The default wait before the second try. It doubles with each try, and each wait is a random part of it, so that clients do not come all at once. */
export const retryDelayMsDefault = 100
/** The longest wait between two tries, unless the server asks for a longer one. */
export const retryDelayMsMax = 5_000
/** The default time to wait for the end of a saga. */
export const sagaTimeoutMsDefault = 30_000
/** How long one request waits for the end of a saga: the maximum of the server. */
export const sagaWaitMs = 30_000
/** The wait before a saga is asked for again that has not started yet. */
export const sagaStartMs = 100
/** After this time without a byte a live feed counts as lost. It is three heartbeats of the server. */
export const feedSilenceMs = 45_000
/** The longest wait before a lost feed is followed again. */
export const feedRetryMsMax = 30_000
