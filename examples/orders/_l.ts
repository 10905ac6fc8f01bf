import { writeFileSync } from 'node:fs'
import { describeSystem, boardOf, flowOverview, laneFlow, sagaDiagram } from 'indelible/schema'
import { svgOf } from '../../packages/cli/src/drawing/index.ts'
import { shop } from './system.ts'
import { bank } from '../bank/bank.ts'
import { largeSystem } from '../../packages/cli/test/large-system.ts'
for (const [name, system] of Object.entries({ bank, orders: shop, tiny: largeSystem(3), large: largeSystem(300) })) {
  const d = describeSystem(system); const board = boardOf(d)
  const t = performance.now()
  writeFileSync(`/tmp/shots/${name}-overview.svg`, svgOf(flowOverview(board)))
  console.log(name, performance.now()-t)
  board.lanes.slice(0,4).forEach(l => writeFileSync(`/tmp/shots/${name}-lane-${l.name}.svg`, svgOf(laneFlow(board, l))))
  d.sagas.slice(0,1).forEach(s=>writeFileSync(`/tmp/shots/${name}-saga-${s.name}.svg`,svgOf(sagaDiagram(s,d))))
}
