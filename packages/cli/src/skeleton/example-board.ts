// The board that `indelible new --example` prints: enough to see how one is written.
export const exampleBoard = `# library

A lending library: members borrow books and bring them back.

## Aggregate: loan

One copy of a book that a member has.

### Commands

- LendBook: A member takes a copy home.
  - copy: text
  - member: text
  - dueOn: date
  - refuses AlreadyLent
- ReturnBook
  - refuses NotLent
- SendReminder
  - internal

### Events

- BookLent: A copy has left the house.
  - copy: text
  - member: text, personal
  - dueOn: date
- BookReturned
- ReminderSent

## Saga: overdue

Who keeps a book for more than four weeks gets a reminder.

- starts on BookLent
- cancelled by BookReturned
- owner front desk

### Steps

1. patience sleeps for 28d
2. remind sends SendReminder

## Read model: loans

- loan_id: text, key
- member: text, indexed
- due_on: date
- on BookLent, BookReturned

## Hot spots

- Who pays for a book that never comes back?
`
