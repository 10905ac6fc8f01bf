// What can be asked of a read table: conditions, an order and where to go on, typed by the columns of the table.
import type { Column, Columns, JsonColumn, NullableJsonColumn, RowOf } from '../kernel/tables.ts'

/** The number of rows of a page when no limit is given. */
export const selectLimitDefault = 100
/** The conditions of one `where`, of all columns together. */
export const selectConditionsMax = 100
/** The values of one `in` or `notIn`. */
export const selectInValuesMax = 1_000
/** The columns of one `orderBy`; the key, which is added, does not count. */
export const selectOrderColumnsMax = 16

export interface SelectOptions<C extends Columns = Columns> {
  /** Conditions by column: `{ owner: 'Ann', balance: { gte: 100, lt: 500 }, closed_on: null }`. A row must meet all of them. */
  readonly where?: Where<C>
  /**
   * `'balance'`, `{ balance: 'desc' }`, or a list of these. The columns of the key that are missing come last, in the direction of the last column given, so
   * that the order is total. Text is in the order of its code points. Null comes after all values, so before them where the direction is `desc`.
   */
  readonly orderBy?: OrderBy<C>
  /**
   * Rows after this one in the order: the last row of the page before, as it was returned (`page.at(-1)`). Only its columns of the order and of the key are
   * used, and it need not exist any more. A row that does not change is on exactly one page, whatever happens to others.
   */
  readonly after?: Partial<RowOf<C>> | undefined
  /** 100 when left out. */
  readonly limit?: number
}

/** Columns of JSON can be compared with null only, and with nothing where they are not nullable. */
export type Where<C extends Columns> = {
  readonly [Name in keyof C as Compared<C[Name], Name>]?: C[Name] extends JsonColumn
    ? null | EqualityOperators<null>
    : ConditionOn<ValueOf<C[Name]>>
}

/**
 * A value, or operators that must all be true. Null is a value like others to `eq`, `ne`, `in` and `notIn`: `{ ne: 'x' }` includes rows with null,
 * `{ notIn: ['x', null] }` does not. It is neither less nor greater than anything.
 */
export type ConditionOn<Value> =
  | Value
  | ([NonNullable<Value>] extends [boolean] ? EqualityOperators<Value> : OrderOperators<Value>)

export interface EqualityOperators<Value> {
  readonly eq?: Value
  readonly ne?: Value
}

export interface OrderOperators<Value> extends EqualityOperators<Value> {
  readonly lt?: NonNullable<Value>
  readonly lte?: NonNullable<Value>
  readonly gt?: NonNullable<Value>
  readonly gte?: NonNullable<Value>
  /** Equal to one of these. */
  readonly in?: readonly Value[]
  /** Equal to none of these. */
  readonly notIn?: readonly Value[]
}

export type OrderBy<C extends Columns> = OrderTerm<C> | readonly OrderTerm<C>[]
type OrderTerm<C extends Columns> = Ordered<C> | OrderDirections<C>[Ordered<C>]
/** Objects with one column each, because the order of two members of an object is easily changed by accident. */
type OrderDirections<C extends Columns> = { [Name in Ordered<C>]: { readonly [Only in Name]: OrderDirection } }
export type OrderDirection = 'asc' | 'desc'

type Ordered<C extends Columns> = {
  [Name in keyof C]: C[Name] extends JsonColumn ? never : Name
}[keyof C] &
  string
type ValueOf<Any> = Any extends Column<infer Value> ? Value : never
type Compared<Any, Name> = Any extends NullableJsonColumn ? Name : Any extends JsonColumn ? never : Name
