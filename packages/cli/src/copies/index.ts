// The places between which a log is copied.
export { type LogName, type Place, placeAt } from './place.ts'
