// What is wrong with the activities of a declared system.
import type { AnyActivityType } from './activities.ts'
import type { System } from './system.ts'

export function faultsOfActivities({ activities, aggregates, commands }: System): string[] {
  const taken = new Set([...aggregates, ...commands].map(({ category }) => category))
  return activities.flatMap((each) => (taken.has(each.category) ? [sharing(each)] : []))
}

/** Its events would come between those that an aggregate decided. */
function sharing({ type, category }: AnyActivityType): string {
  return `The activity "${type}" records its answers in the category of its service, "${category}", which commands write to. Give the service another name.`
}
