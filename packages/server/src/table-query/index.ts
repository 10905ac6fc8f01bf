// What a request says about the rows of a read table, typed by the columns of the table.
export { cursorOf } from './cursor.ts'
export { columnSchemas, selectionParameters } from './schemas.ts'
export { isListParameter, isSelectionParameter, type Selection, selectionIn } from './selection.ts'
