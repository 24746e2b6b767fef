import { UserError } from '../../core/errors.ts'
import { anyWays } from '../../core/newClasses.ts'
import type { ModelAbout } from '../../core/saved.ts'
import { listed, words, type NewRows } from './newRows.ts'
import { tableOf, type SharedTable } from './shared.ts'

/**
 * Rows of new classes for a model of drawn classes. Labels are the names in the target's column, places are given to them
 * in order of appearance. A blank cell is no label; in NumPy files, whose numbers have no blanks, neither is -1, unless a
 * class was called so in training.
 */
type Given = { about: ModelAbout; rows: NewRows }

/** What the rows say of classes: the model's heading with them, and its rows with labels that it reads. */
export function classesGiven(given: NewRows, about: ModelAbout): Given {
  const rows = { ...given, table: labelled(given, about) }
  const [{ name }] = about.targets
  // A table without the column is refused as any table of too few columns.
  if (!rows.table.columns.some((column) => column.name === name)) return { rows, about }
  const names = namesIn(rows, about)
  const { ways } = about.drawn!
  if (names.length < 2) throw names.length ? oneClass(given, name, names[0]) : noClass(given, name)
  if (names.length > ways && !anyWays(about)) throw tooMany(given, ways, names)
  return {
    rows,
    about: {
      ...about,
      targets: [{ name, classes: names }],
      tasks: [{ id: name, target: 0, group: null, kind: names.length === 2 ? 'binary' : 'multiclass' }],
      drawn: { ...about.drawn!, learned: true },
    },
  }
}

/** The names of a file's classes, in order of appearance. */
function namesIn({ table }: NewRows, { targets: [{ name }] }: ModelAbout): string[] {
  const { values, valid, levels } = words(tableOf(table).columns.find((column) => column.name === name)!)
  const seen = new Set<number>()
  values.forEach((level, row) => void (valid[row] && seen.add(level)))
  return [...seen].map((level) => levels![level])
}

/** Of NumPy files: the one array beside images counts as the label whatever it is called, and -1 as no label. */
function labelled({ table, name: file }: NewRows, { targets: [{ name, classes }], drawn }: ModelAbout): SharedTable {
  if (!/\.np[yz]$/i.test(file)) return table
  const alone = 'image' in drawn!.from && table.columns.length === 1
  return {
    ...table,
    columns: table.columns.map((column) => {
      if (column.name !== name && !alone) return column
      const valid = column.valid.map((known, row) =>
        Number(known === 1 && (column.levels !== null || column.values[row] !== -1)),
      )
      return { ...column, name, valid: classes?.includes('-1') ? column.valid : valid }
    }),
  }
}

function noClass({ name }: NewRows, target: string): UserError {
  return new UserError({
    code: 'adapt.no-class',
    who: name,
    rule: `must name the class ("${target}") of a few rows.`,
    got: 'none',
    remedy:
      'Name the classes in a few rows of each, and leave the cell empty in the others (in NumPy files: "" or -1).',
  })
}

function oneClass({ name }: NewRows, target: string, only: string): UserError {
  return new UserError({
    code: 'adapt.one-class',
    who: name,
    rule: `must have labelled rows of two classes or more ("${target}").`,
    got: `"${only}" alone`,
    remedy: 'Label a few rows of another class too.',
  })
}

function tooMany({ name }: NewRows, ways: number, names: string[]): UserError {
  return new UserError({
    code: 'adapt.many-classes',
    who: name,
    rule: `may name at most ${ways} classes: the model was trained to tell so many apart.`,
    got: `${names.length}: ${listed(names.map((own) => `"${own}"`))}`,
    remedy: 'Leave classes out, train with more ways, or take prototypes or class means, which learn any number.',
  })
}
