// `indelible/schema`: the schemas of a domain as JSON Schema.
export { type JsonSchema, jsonSchemaOf } from './json-schema.ts'
