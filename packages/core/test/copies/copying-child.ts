// A process that copies a log of files, and moves it if it lives so long. It is killed.
import { fileCopySource, fileCopyTarget } from 'indelible/file'
import { copyLog } from 'indelible/moving'
import { killedLimits as limits } from '../reliability/killed.ts'

const [from, to] = process.argv.slice(2) as [string, string]
const source = await fileCopySource({ dir: from, limits })
const onProgress = ({ phase }: { phase: string }) => void process.stdout.write(`${phase}\n`)
const moveRest = async () => void process.stdout.write('rest\n')
await copyLog({ source, openTarget: fileCopyTarget({ dir: to, limits }), switches: true, onProgress, moveRest })
process.stdout.write('switched\n')
await source.close()
