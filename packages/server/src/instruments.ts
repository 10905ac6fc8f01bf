// What the HTTP server measures, besides what the system does itself.
import { type Instrument, secondsBounds } from 'indelible/adapter'

export const httpInstruments = {
  requestDuration: {
    name: 'http.server.request.duration',
    kind: 'histogram',
    unit: 's',
    meaning: 'How long requests took, by route and status. Its count is the number of requests.',
    attributes: ['http.request.method', 'http.route', 'http.response.status_code'],
    bounds: secondsBounds,
  },
  connections: {
    name: 'indelible.http.connections',
    kind: 'gauge',
    unit: '{connection}',
    meaning: 'Open connections.',
    attributes: [],
  },
  waits: {
    name: 'indelible.http.waits',
    kind: 'gauge',
    unit: '{request}',
    meaning: 'Requests that wait: for a read table, for a saga, for the next event of the feed.',
    attributes: [],
  },
} as const satisfies Readonly<Record<string, Instrument>>
