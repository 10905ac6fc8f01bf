// The disk as the log sees it, and Node's own as the implementation.

export { closeOnError, type Disk, type DiskDir, type DiskFile, type FileNow, nodeDisk, syncDir } from './disk.ts'
export { writerOf } from './lock.ts'
export { fault, isOutOfFiles } from './os-fault.ts'
