// `indelible/columns`: replay columns, for authors of event stores who keep them beside a log of their own.
export {
  ColumnsBuilder,
  type ColumnsInMemory,
  type ColumnsInput,
  type ColumnsOwner,
  columnsInMemory,
  type LoggedEvent,
  readsColumns,
} from './log/columns/index.ts'
