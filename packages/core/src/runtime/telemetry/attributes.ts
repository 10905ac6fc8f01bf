// The attributes of all spans and metrics: the one list. Names are those of the OpenTelemetry semantic conventions where they have one
// (https://opentelemetry.io/docs/specs/semconv/), otherwise they begin with `indelible.`.

export const attributes = {
  'db.system.name': 'Always `indelible`.',
  'db.operation.name': 'Always `append`.',
  'error.type': 'What it failed with: an error code of Indelible, or the name of the error.',
  'http.request.method': 'The method of the request, `_OTHER` for one that HTTP does not define.',
  'http.response.status_code': 'The status of the answer.',
  'http.route': 'The path with the names of its parameters: `/streams/{stream}`. Missing if there is no such path.',
  'messaging.system': 'Always `indelible`.',
  'messaging.operation.name': 'What the consumer does: `project`, `react`, `subscribe`.',
  'messaging.operation.type': 'Always `process`.',
  'messaging.consumer.group.name': 'The name of the projection, policy, reaction or subscription.',
  'messaging.batch.message_count': 'How many events of the log are in the batch.',
  'indelible.category': 'The category of the aggregate, or of the first stream.',
  'indelible.code': 'The code of the error.',
  'indelible.command': 'The type of the command.',
  'indelible.consumer': 'The name of what follows the log.',
  'indelible.lease': 'The consumer, or the partition of a saga, whose lease it is.',
  'indelible.events': 'How many events the commit has.',
  'indelible.event': 'The type of the event.',
  'indelible.kind':
    'The kind of what follows the log: `projection`, `saga`, `policy`, `reaction`, `subscription`, `feed`, `tree`.',
  'indelible.operation': 'The name of the operation.',
  'indelible.outcome':
    'How it ended. Of a command: `accepted`, `duplicate`, `refused`, `conflict`, `failed`. Of an append: `written`, `duplicate`, `conflict`, `failed`. Of a step: what the saga recorded, such as `StepDone`, or `unanswered`.',
  'indelible.position': 'The position of the last event in the log.',
  'indelible.projection': 'The name of the projection.',
  'indelible.quantile': '`0.5` or `0.99`.',
  'indelible.reason': 'Why the domain refused the command.',
  'indelible.remote': 'The name of the other system.',
  'indelible.saga': 'The name of the saga.',
  'indelible.service': 'The name of the service.',
  'indelible.state': 'The state of the consumer, such as `running` or `parked`.',
  'indelible.step': 'The step of the saga, without the keys of lists.',
  'indelible.tenant': 'The name of the tenant; of a metric only for the first ones, and `_other` for the rest.',
} as const

export type AttributeName = keyof typeof attributes
