// `indelible/schema`: a system's commands and events as JSON Schema.
export { type JsonSchema, jsonSchemaOf, type SystemSchemas, schemasOf } from './json-schema.ts'
