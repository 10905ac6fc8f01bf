// How long the compiler takes for the declarations of a system of 200 commands, compared with plain functions whose types are written out.
import { type BenchCase, type Row, sized } from '../case.ts'
import { check } from '../check.ts'
import { type Compilation, type Compiler, compile, compilers, writeProject } from '../compilers.ts'
import { declaredSystem, inferredTypes, mistakenSystem, plainSystem, writtenTypes } from '../generated-system.ts'
import { inRounds } from '../rounds.ts'

/** Plain functions whose types are inferred from the same schemas: the difference is the cost of the declarations without the schema library. */
const inferred = 'z.infer'

export const compileCase: BenchCase = {
  name: 'compile-200',
  summary: "the compiler's time for a system of 200 commands, by TypeScript 7 and 5.9",
  async *run(context) {
    const size = sized(context.scale, {
      full: { aggregates: 20, commandsEach: 10, sagas: 5 },
      quick: { aggregates: 20, commandsEach: 10, sagas: 5 },
      tiny: { aggregates: 2, commandsEach: 3, sagas: 1 },
    })
    const measuredBy = sized(context.scale, { full: compilers, quick: compilers, tiny: compilers.slice(0, 1) })
    const commands = size.aggregates * size.commandsEach
    const project = (name: string, files: Parameters<typeof writeProject>[1]) => {
      const dir = context.scratch(name)
      writeProject(dir, files)
      return dir
    }
    const mistaken = project('mistaken', mistakenSystem(size))
    const projects = {
      ours: project('declared', declaredSystem(size)),
      limit: project('written', plainSystem(size, writtenTypes)),
      [inferred]: project('inferred', plainSystem(size, inferredTypes)),
    }
    for (const compiler of measuredBy) {
      const { errors } = await compile(compiler, mistaken)
      check(
        errors.length === 1 && /'"Not\w+"' is not/.test(errors[0]!),
        `${compiler.name} sees the one mistake: ${errors}`,
      )
      yield await measured(compiler)
    }

    async function measured(compiler: Compiler): Promise<Row> {
      const last: Record<string, Compilation> = {}
      const contestants = Object.entries(projects).map(([name, dir]) => {
        const compileOnce = async () => {
          const compilation = await compile(compiler, dir)
          check(compilation.errors.length === 0, `${compiler.name} finds nothing wrong: ${compilation.errors[0]}`)
          last[name] = compilation
          return compilation.checkMs
        }
        return [name, compileOnce] as const
      })
      const figures = await inRounds(Object.fromEntries(contestants), context)
      return {
        case: compileCase.name,
        configuration: `${compiler.name}, check`,
        unit: 'ms',
        ours: figures.ours!,
        limit: figures.limit!,
        peers: { [inferred]: figures[inferred]! },
        targets: [],
        conditions: {
          events: commands,
          payloadBytes: 0,
          clients: 1,
          sync: 'none',
          commands,
          totalMs: last.ours!.totalMs,
          instantiations: last.ours!.instantiations,
          types: last.ours!.types,
          limitTotalMs: last.limit!.totalMs,
          limitInstantiations: last.limit!.instantiations,
          inferredTotalMs: last[inferred]!.totalMs,
          inferredInstantiations: last[inferred]!.instantiations,
        },
      }
    }
  },
}
