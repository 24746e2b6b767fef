import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { hashColumns } from '../../../core/data/hash.ts'
import { MISSING } from '../../../core/data/reading.ts'
import { Roles } from '../../../core/data/roles.ts'
import { summarise, type DatasetSummary } from '../../../core/data/summary.ts'
import type { Column, Table } from '../../../core/data/table.ts'
import { UserError } from '../../../core/errors.ts'
import { Numbers, Words } from './columns.ts'

/** Real tables that come with the app (package `vega-datasets`, BSD 3-clause), each with roles that make sense. */
export type Sample = {
  id: string
  title: string
  question: string
  file: string
  roles: Roles
  /** A cell as it is in the file, mended where the file is odd. */
  mend?(column: string, value: unknown): unknown
}

export const samples: Sample[] = [
  {
    id: 'cars',
    title: 'Cars, 1970-1982',
    question: 'How much does a car burn and how fast does it start, and is that the same question in every country?',
    file: 'cars.json',
    roles: Roles.parse({ targets: ['Miles_per_Gallon', 'Acceleration'], task: 'Origin', ignore: ['Name'] }),
    // The year stands as a date of its first of January.
    mend: (column, value) => (column === 'Year' ? Number(String(value).slice(0, 4)) : value),
  },
  {
    id: 'penguins',
    title: 'Penguins of the Palmer archipelago',
    question: 'What do beak and flippers say about a penguin: its weight, its species, its sex?',
    file: 'penguins.json',
    roles: Roles.parse({ targets: ['Body Mass (g)', 'Species', 'Sex'], ignore: [] }),
    // One penguin has a full stop for a sex.
    mend: (_, value) => (value === '.' ? null : value),
  },
  {
    id: 'barley',
    title: 'Barley yields in Minnesota',
    question: 'Which variety yields how much, and do six farms tell one story?',
    file: 'barley.json',
    roles: Roles.parse({ targets: ['yield'], task: 'site', kinds: { year: 'category' } }),
  },
]

export async function openSample(id: string): Promise<{ sample: Sample; table: Table; summary: DatasetSummary }> {
  const sample = samples.find((each) => each.id === id)
  if (!sample)
    throw new UserError({
      code: 'sample.unknown',
      who: 'data.sample',
      rule: `It must be one of ${samples.map((each) => each.id).join(', ')}.`,
      got: `"${id}"`,
      remedy: 'Correct the name.',
    })
  const from = join(dirname(createRequire(import.meta.url).resolve('vega-datasets')), '..', 'data')
  const records = JSON.parse(await readFile(join(from, sample.file), 'utf8')) as Record<string, unknown>[]
  const names = Object.keys(records[0])
  const columns = names.map((name) => columnOf(name, records, sample))
  const rows = records.length
  const table = { hash: hashColumns(rows, columns), rows, columns }
  return { sample, table, summary: summarise(table) }
}

function columnOf(name: string, records: Record<string, unknown>[], sample: Sample): Column {
  const cells = records.map((record) => {
    const value = sample.mend ? sample.mend(name, record[name]) : record[name]
    return value === null || value === undefined || MISSING.includes(String(value).trim()) ? null : value
  })
  if (cells.every((value) => value === null || typeof value === 'number')) {
    const numbers = new Numbers(cells.length)
    for (const value of cells) numbers.push(value as number | null)
    return numbers.column(name)
  }
  const words = new Words(cells.length)
  for (const value of cells) words.push(value === null ? null : String(value))
  return words.column(name).column
}
