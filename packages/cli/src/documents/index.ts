// The documents of a system, made from its declaration.
export { documentFiles } from './document-files.ts'
export { type Differences, differences, writeFolder } from './folder.ts'
export { noSamples, type Samples, samplesOf } from './samples.ts'
export { sourceOf } from './source.ts'
