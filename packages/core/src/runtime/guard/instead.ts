// What a message says about the kinds of calls that domain code may not make.

export const clock = 'The time must come in: as "issuedAt" or in the input of a command, or in the data of an event.'
export const randomness = 'Ids and random values must come in, in the input of a command.'
export const outsideWorld = 'It may use only its input. A reaction, or a step of a saga, does what reaches outside.'
export const timeZone =
  'The result depends on the time zone of the machine. Use UTC: getUTCHours(), toISOString(), text with a zone.'
export const locale =
  'The result depends on the locale of the machine and on the version of its ICU data. Compare text with < and >, and format it where it is shown.'
