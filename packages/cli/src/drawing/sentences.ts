// A diagram in words, for those who do not see it.
import type { Diagram } from 'indelible/schema'

/** What leads where, a line for each edge. */
export function sentences({ nodes, edges }: Diagram): readonly string[] {
  const names = new Map(namesIn(nodes))
  return edges.map(({ from, to, label, line }) => {
    const details = [line === 'solid' ? '' : line, label ?? ''].filter((each) => each !== '').join(', ')
    return `${names.get(from)} → ${names.get(to)}${details === '' ? '' : ` (${details})`}`
  })
}

function namesIn(nodes: Diagram['nodes'], prefix = ''): readonly (readonly [id: string, name: string])[] {
  return nodes.flatMap((node) =>
    node.shape === 'group'
      ? namesIn(node.nodes, `${prefix}${node.title}: `)
      : [[node.id, prefix + node.texts.join(', ')] as const],
  )
}
