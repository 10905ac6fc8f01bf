// `indelible/history`: states and tables as of any point.
export { type StateAsOf, type StateOptions, stateAsOf } from './as-of.ts'
export { Basis } from './basis.ts'
export { type AsOf, type Known, type PointOfLog, pointOfText, textOfPoint } from './points.ts'
export { type ViewOptions, viewAsOf } from './view-as-of.ts'
