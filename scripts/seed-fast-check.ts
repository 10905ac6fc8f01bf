// Gives every property test the seed that the run printed.
import fc from 'fast-check'

fc.configureGlobal({ seed: Number(process.env.INDELIBLE_SEED) })
