// Runs the simulation as this process.
import { simulation } from '../src/simulation/main.ts'

process.exit(simulation(process.argv.slice(2)))
