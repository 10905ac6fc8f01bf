// Runs the program as this process.
import { main } from '../src/main.ts'

process.exit(await main())
