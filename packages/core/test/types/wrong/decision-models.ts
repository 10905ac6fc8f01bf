// Mistakes in decision models and in the commands that consult them.
import { command, decisionModel, refuse } from 'indelible'
import { z } from 'zod'
import { ParcelPosted, parcel, ShelfTaken, shelves } from '../parcels.ts'

const input = z.object({ depotId: z.string() })

// TS2741: Property 'taken' is missing in type '{ token: number; }' but required in type '{ taken: number; }'.
decisionModel('seats', { initialState: { taken: 0 }, tags: ['depot'] }).on(ShelfTaken, ({ taken }) => ({
  token: taken,
}))

// TS2561: 'depo' does not exist in type '{ readonly depot: string; }'. Did you mean to write 'depot'?
shelves.by({ depo: 'depotId' })

// TS2741 (TS2345 by 5.9): Property 'depot' is missing in type '{}'
shelves.by({})

command('TakeShelf', {
  category: 'shelf',
  input,
  emits: [ShelfTaken],
  // TS2322: Type 'Consultation<{ taken: number; }, "depot">' is not assignable to type 'Consultation<any, "depotId">'.
  consults: { shelves: shelves.by({ depot: 'depot' }) },
  decide: ({ shelves }, { depotId }) => (shelves.taken > 5 ? [] : ShelfTaken({ depot: depotId, parcel: '' })),
})

parcel.command('TakeShelf', {
  input,
  emits: [ParcelPosted],
  // TS2322: Type 'Consultation<{ taken: number; }, "depot">' is not assignable to type 'Consultation<any, "depotId">'.
  consults: { shelves: shelves.by({ depot: 'depot' }) },
  decide: () => [],
})

command('TakeShelf', {
  category: 'shelf',
  input,
  emits: [ShelfTaken],
  // TS2739: Type 'DecisionModel<{ taken: number; }, "depot">' is missing the following properties from type 'Consultation<any, "depotId">'
  consults: { shelves },
  decide: () => [],
})

// TS2741 (TS2345 by 5.9): Property 'consults' is missing in type
command('TakeShelf', { category: 'shelf', input, emits: [ShelfTaken], decide: () => [] })

command('TakeShelf', {
  category: 'shelf',
  input,
  emits: [ShelfTaken],
  consults: { shelves: shelves.by({ depot: 'depotId' }) },
  // TS2339: Property 'shelfs' does not exist on type '{ readonly shelves: { taken: number; }; }'.
  decide: (facts) => (facts.shelfs.taken > 5 ? [] : []),
})

command('TakeShelf', {
  category: 'shelf',
  input,
  emits: [ShelfTaken],
  refuses: ['Full'],
  consults: { shelves: shelves.by({ depot: 'depotId' }) },
  decide: (facts) => {
    // TS2345: Argument of type '"Ful"' is not assignable to parameter of type '"Full"'.
    if (facts.shelves.taken > 5) return refuse('Ful')
    return []
  },
})

parcel.command('TakeShelf', {
  input,
  emits: [ParcelPosted],
  consults: { shelves: shelves.by({ depot: 'depotId' }) },
  // TS2551: Property 'token' does not exist on type '{ taken: number; }'. Did you mean 'taken'?
  decide: (_state, _input, { facts }) => (facts.shelves.token > 5 ? [] : []),
})

parcel.command('TakeShelf', {
  input,
  emits: [ParcelPosted],
  // TS2339: Property 'shelves' does not exist on type '{}'.
  decide: (_state, _input, { facts }) => (facts.shelves ? [] : []),
})
