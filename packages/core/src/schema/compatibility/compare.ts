// Whether everything that was written with one schema can be read with another. It never says yes wrongly; where nothing shows that all values fit, it says so.
//
// Two things are taken for granted, because they are true of events. A writer records only members that its schema names, unless the schema says what others
// there may be (additionalProperties). A reader passes over members that its schema does not name.
import { areApart, type Form, formsOf, meet, tagsIn, Unclear } from './forms.ts'
import { itemProblems } from './items.ts'
import { scalarProblems } from './keywords.ts'
import { schemaPairsMax } from './limits.ts'
import { memberProblems } from './members.ts'
import { isOpaque, opaqueProblems } from './opaque.ts'
import { breaking, type Comparing, once, type Sides, unclear } from './pair.ts'
import type { SchemaProblem } from './problems.ts'
import { equalJson, hasReference, kindOf, kindsText, valuesText } from './values.ts'

/** The places where values of the writer's schema may not fit the reader's schema; none if every value fits. */
export function schemaProblems(sides: Sides): readonly SchemaProblem[] {
  return new Comparison(sides).problems(sides.writer, sides.reader, '')
}

class Comparison implements Comparing {
  readonly sides: Sides
  readonly isSameRoot: boolean
  /** The pairs around the one that is compared. Inside itself a pair is taken to fit: values end somewhere, and there it shows. */
  readonly #around = new Set<string>()
  #pairs = 0

  constructor(sides: Sides) {
    this.sides = sides
    this.isSameRoot = equalJson(sides.writer, sides.reader)
  }

  problems(writer: unknown, reader: unknown, path: string): readonly SchemaProblem[] {
    if (equalJson(writer, reader) && (this.isSameRoot || !hasReference(writer))) return []
    const pair = JSON.stringify([writer, reader])
    if (this.#around.has(pair)) return []
    if (++this.#pairs > schemaPairsMax) return [unclear('too_large', path, 'The schemas are too large to compare.')]
    this.#around.add(pair)
    try {
      return this.#formsProblems(formsOf(writer, this.sides.writer), formsOf(reader, this.sides.reader), path)
    } catch (error) {
      if (error instanceof Unclear) return [unclear(error.rule, path, `It cannot be compared: ${error.message}.`)]
      throw error
    } finally {
      this.#around.delete(pair)
    }
  }

  formProblems(form: Form, readers: readonly Form[], path: string): readonly SchemaProblem[] {
    return this.#formsProblems([form], readers, path)
  }

  #formsProblems(forms: readonly Form[], readers: readonly Form[], path: string): readonly SchemaProblem[] {
    const { writer, reader } = this.sides.names
    const fittingOf = (form: Form) => readers.filter(({ kind }) => meet(form.kind, kind) === form.kind)
    const strange = forms.filter((form) => fittingOf(form).length === 0)
    const problems: SchemaProblem[] = []
    if (strange.length > 0) {
      const has = kindsText(strange.map(({ kind }) => kind))
      const message = `${writer} may have ${has} here, and ${reader} takes ${kindsText(readers.map(({ kind }) => kind))}.`
      problems.push(breaking(readers.length === 0 ? 'nothing_allowed' : 'type_changed', path, message))
    }
    for (const form of forms.filter((each) => !strange.includes(each))) {
      const fitting = fittingOf(form)
      problems.push(
        ...(form.values ? this.#valueProblems(form, fitting, path) : this.#bestProblems(form, fitting, path)),
      )
    }
    return once(problems)
  }

  /** Of the listed values, one by one. */
  #valueProblems({ values = [], all }: Form, readers: readonly Form[], path: string): readonly SchemaProblem[] {
    const refused: unknown[] = []
    const problems: SchemaProblem[] = []
    for (const value of values) {
      const fitting = readers.filter((each) => each.values?.some((known) => equalJson(known, value)) ?? true)
      const form = { kind: kindOf(value), values: [value], all }
      const found = fitting.map((each) => this.#pairProblems(form, each, path))
      if (found.length === 0) refused.push(value)
      else problems.push(...fewest(found))
    }
    if (refused.length === 0) return problems
    const { writer, reader } = this.sides.names
    const message = `${writer} may have ${valuesText(refused)} here, and ${reader} does not take ${refused.length === 1 ? 'it' : 'them'}.`
    return [breaking('values_removed', path, message), ...problems]
  }

  /** Of a form whose values are not listed: one form of the reader must take all of them. */
  #bestProblems(form: Form, readers: readonly Form[], path: string): readonly SchemaProblem[] {
    const { writer, reader } = this.sides.names
    const open = readers.filter(({ values }) => values === undefined)
    if (open.length === 0) {
      const taken = valuesText(readers.flatMap(({ values }) => values ?? []))
      const message = `${writer} may have other values than those listed here, and ${reader} takes only ${taken}.`
      return [breaking('values_removed', path, message)]
    }
    const near = open.filter((each) => !areApart(form, each, this.sides))
    if (near.length > 0 || open.length === 1)
      return fewest((near.length > 0 ? near : open).map((each) => this.#pairProblems(form, each, path)))
    const tags = tagsIn(form, this.sides.writer).map(([name, values]) => `"${name}" ${valuesText(values)}`)
    const message = `${writer} may have an object with ${tags.join(', ')} here, and ${reader} has no such variant.`
    return [breaking('variant_removed', path, message)]
  }

  /** Of two forms whose types fit. */
  #pairProblems(form: Form, reader: Form, path: string): readonly SchemaProblem[] {
    const pair = { form, reader, path, comparison: this }
    const ofKind = form.kind === 'object' ? memberProblems : form.kind === 'array' ? itemProblems : scalarProblems
    const problems = [...ofKind(pair), ...opaqueProblems(pair)]
    return isOpaque(form) ? problems.map((problem) => ({ ...problem, certainty: 'cannot tell' })) : problems
  }
}

function fewest(found: readonly (readonly SchemaProblem[])[]): readonly SchemaProblem[] {
  return found.reduce((best, each) => (each.length < best.length ? each : best))
}
