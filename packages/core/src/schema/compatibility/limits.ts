// The limits of a comparison of schemas, by name. Beyond them the answer is "cannot tell".

/** The forms that a value may have: the branches of its unions, multiplied. */
export const schemaFormsMax = 512
/** The schemas inside each other by references and unions, without a member between them. */
export const schemaNestingMax = 64
/** The pairs of schemas that are compared for one pair of events. */
export const schemaPairsMax = 20_000
