// English words in names. It judges by endings and a list of irregular verbs: enough to ask a question about a name, not to answer it.

/** `FundsWithdrawn`, `partner.funds_withdrawn` as words in lower case. */
export function wordsOf(name: string): readonly string[] {
  const own = name.slice(name.lastIndexOf('.') + 1)
  return own
    .replace(/([\p{Ll}\p{N}])(\p{Lu})/gu, '$1 $2')
    .replace(/(\p{Lu})(\p{Lu}\p{Ll})/gu, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '')
}

/** Whether one of the words is a past participle: `OrderPlaced`, `PaymentMadeTwice`. */
export function isPastTense(name: string): boolean {
  return wordsOf(name).some(isParticiple)
}

/** Whether a name cannot be an order to somebody: it begins with a participle (`Placed…`), an -ing form, or ends like a thing (`…Registration`). */
export function isNotImperative(name: string): boolean {
  const words = wordsOf(name)
  const [first = ''] = words
  return (
    (isParticiple(first) && !sameAsVerb.has(first)) ||
    (first.endsWith('ing') && !verbsInIng.has(first)) ||
    (words.length === 1 && isThing(first))
  )
}

const crudWords: ReadonlySet<string> = new Set([
  'updated',
  'changed',
  'modified',
  'edited',
  'saved',
  'deleted',
  'removed',
  'created',
  'inserted',
  'upserted',
  'set',
])

/** `UserUpdated`, `OrderCreated`: a thing, and that its data are different. More words say what happened: `EmailAddressChanged` is one of a customer. */
export function isCrud(name: string, things: ReadonlySet<string>): boolean {
  const words = wordsOf(name)
  const last = words.at(-1) ?? ''
  return crudWords.has(last) && (words.length === 1 || things.has(words.slice(0, -1).join('')))
}

function isParticiple(word: string): boolean {
  return (word.length > 3 && word.endsWith('ed') && !notParticiples.has(word)) || irregular.has(word)
}

function isThing(word: string): boolean {
  return /(tion|sion|ment|ness|ance|ence|ity)$/.test(word) && !verbsLikeThings.has(word)
}

const notParticiples: ReadonlySet<string> = new Set([
  'feed',
  'need',
  'seed',
  'speed',
  'breed',
  'bleed',
  'exceed',
  'proceed',
  'succeed',
  'embed',
  'indeed',
  'hundred',
  'shed',
])

const verbsLikeThings: ReadonlySet<string> = new Set([
  'mention',
  'position',
  'question',
  'condition',
  'commission',
  'decommission',
  'provision',
  'station',
  'caution',
  'ration',
  'partition',
  'petition',
  'auction',
  'function',
  'document',
  'implement',
  'supplement',
  'comment',
  'experiment',
  'complement',
  'witness',
  'advance',
  'balance',
  'finance',
  'enhance',
  'distance',
  'reference',
  'sequence',
  'evidence',
  'influence',
  'experience',
  'silence',
  'commence',
])

const verbsInIng: ReadonlySet<string> = new Set(['bring', 'ring', 'ping', 'string', 'swing', 'fling', 'cling', 'sling'])

/** Past participles that are their verb's own form too. */
const sameAsVerb: ReadonlySet<string> = new Set([
  'put',
  'set',
  'cut',
  'hit',
  'let',
  'shut',
  'split',
  'bet',
  'bid',
  'cast',
  'cost',
  'read',
  'quit',
  'run',
  'come',
  'become',
  'overcome',
  'broadcast',
  'forecast',
  'reset',
  'offset',
  'found',
])

const irregular: ReadonlySet<string> = new Set(
  `arisen awoken been become begun bent bet bid bound bitten blown bought broadcast broken brought built burnt cast caught chosen come cost cut dealt done drawn driven eaten
  fallen fed felt found forecast forbidden forgiven forgotten fought frozen given gone grown had heard held hidden hit hung kept known laid led left lent let lit lost
  made meant met offset overdrawn overridden overcome paid proven put quit read rebuilt redone repaid reset resold resent resold rewritten ridden risen run said seen sent set
  shaken shown shut slept sold sought spent split spoken stolen stood stuck sworn taken taught thought thrown told torn undone understood undertaken unpaid upheld
  withdrawn withheld withstood won worn written`.split(/\s+/),
)
