// What is wrong with a file and where, in the form that editors jump to: file:line: problem.

export class BadInput extends Error {
  override readonly name = 'BadInput'

  constructor(file: string, line: number | undefined, problem: string) {
    super(line === undefined ? `${file}: ${problem}` : `${file}:${line}: ${problem}`)
  }
}
