// Tells the past tense and the imperative of English verbs in names. A small list instead of a dictionary: the rules have an option for what it does not know.

/** Irregular participles and past forms. Those that are also the base form count as both. */
export const irregular: ReadonlySet<string> = new Set(
  (
    'arisen arose awoken awoke beaten become became begun began bent bet bitten bled blown blew born borne bought bound broken broke brought built burnt burst cast caught ' +
    'chosen chose come came cost cut dealt done did drawn drew driven drove eaten ate fallen fell fed felt fit fled flown flew forbidden forbade forgiven forgave forgotten forgot ' +
    'fought found frozen froze given gave gone went got gotten grown grew heard held hid hidden hit hung hurt kept knelt known knew laid led left lent let lit lost made meant met ' +
    'mistaken overdrawn overdrew overridden overrode overtaken overtook paid prepaid repaid proven put quit read rebuilt rerun reset resold rewritten rewrote ridden risen rose run ran ' +
    'said sat sawn sent set sewn shaken shed shipped shone shot shown showed shrunk shut slept slid sold sought sowed spent split spoken spoke sprung spread spun stolen stole stood ' +
    'stuck stung struck sunk sung swept swollen sworn swum swung taken took taught thrown threw thought told torn tore undergone underpaid understood undertaken undertook undone undid unpaid upheld ' +
    'upset withdrawn withdrew withheld withstood woken woke won worn wore wound woven written wrote'
  ).split(' '),
)

/** Forms of the past that are the base form too: `SetLimit` is a command. */
export const alsoBase: ReadonlySet<string> = new Set(
  'become come bet burst cast cost cut fit hit hurt let put quit read rerun reset run set shed shut split spread upset found bound wound'.split(
    ' ',
  ),
)

/** Words that end like the past and are none. */
export const notPast: ReadonlySet<string> = new Set(
  'bed breed bleed creed deed embed exceed feed greed heed indeed kindred need proceed red reed seed shed shred sled speed succeed weed hundred sacred naked'.split(
    ' ',
  ),
)

/** Verbs that end like a gerund or the third person and are neither. */
export const alsoVerb: ReadonlySet<string> = new Set(
  (
    'bring cling fling king ping ring sing sling spring sting string swing wing ' + 'alias bias bus canvas focus gas'
  ).split(' '),
)

/** `OrderShippedTwice` is `order`, `shipped`, `twice`. */
export function wordsOf(name: string): readonly string[] {
  return name
    .split(/(?<=[a-z\d])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|[\s_.:/-]+/)
    .filter(Boolean)
    .map((word) => word.toLowerCase())
}

export function isPast(word: string): boolean {
  return irregular.has(word) || (word.length > 3 && word.endsWith('ed') && !notPast.has(word))
}

/** Whether an event says that something happened: one of its words is in the past tense. */
export function saysWhatHappened(name: string): boolean {
  return wordsOf(name).some(isPast)
}

/** Two words of which the second is in the past tense say what happened, unless the first one can be a verb: `MarkPaid`. */
export const beforePast: ReadonlySet<string> = new Set(
  'assume confirm declare flag get keep leave make mark note prove record report set'.split(' '),
)

/** Why a name is no imperative; nothing if it may be one. */
export function notImperative(name: string): 'past' | 'gerund' | 'third person' | undefined {
  const [first = '', second, ...more] = wordsOf(name)
  if (isPast(first) && !alsoBase.has(first)) return 'past'
  if (more.length === 0 && second !== undefined && isPast(second) && !alsoBase.has(second) && !beforePast.has(first))
    return 'past'
  if (first.length > 4 && first.endsWith('ing') && !alsoVerb.has(first)) return 'gerund'
  return /[^sui]s$/.test(first) && first.length > 3 && !alsoVerb.has(first) ? 'third person' : undefined
}
