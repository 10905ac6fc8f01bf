// Opens a log: takes it into an index, and finds its events by their positions.
export { EventFiles } from './event-files.ts'
export { notReadable, type OpenedLog, openIndex, openLog, type Taken, takeAll, takeTail } from './open-log.ts'
