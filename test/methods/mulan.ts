import { existsSync, readFileSync } from 'node:fs'
import { buildTaskSet } from '../../core/data/buildTaskSet.ts'
import { Roles } from '../../core/data/roles.ts'
import type { Column, Table } from '../../core/data/table.ts'
import type { TaskSet } from '../../core/data/taskSet.ts'

/** The dense numeric ARFF sets of Mulan, read without the application's importers: targets are the last columns. */
const SHARED = new URL('../../../shared/', import.meta.url)
export const MULAN = { slump: 3, edm: 2, andro: 6, enb: 2, wq: 14 } as const
export type MulanName = keyof typeof MULAN

export const shared = (path: string) => new URL(path, SHARED)
export const haveShared = existsSync(shared('reference/folds.json'))

export function mulan(name: MulanName): TaskSet {
  const lines = readFileSync(shared(`data/mulan-mtr/${name}.arff`), 'utf8').split(/\r?\n/)
  const names = lines.flatMap((line) => /^@attribute\s+'?([^'\s]+)'?\s/i.exec(line)?.[1] ?? [])
  const start = lines.findIndex((line) => /^@data/i.test(line))
  const cells = lines
    .slice(start + 1)
    .filter((line) => line.trim() && !line.startsWith('%'))
    .map((line) => line.split(',').map((cell) => (cell.trim() === '?' ? NaN : Number(cell))))
  return buildTaskSet(tableOf(names, cells), Roles.parse({ targets: names.slice(-MULAN[name]) }))
}

export function tableOf(names: string[], cells: number[][]): Table {
  const columns = names.map((name, c): Column => ({
    name,
    kind: 'number',
    values: Float64Array.from(cells, (row) => row[c]),
    valid: Uint8Array.from(cells, (row) => Number(Number.isFinite(row[c]))),
  }))
  return { hash: 'test', rows: cells.length, columns }
}

export function reference(name: MulanName): { testFolds: number[][]; ridge: { arrmse: number; perTarget: number[] } } {
  return JSON.parse(readFileSync(shared('reference/folds.json'), 'utf8')).sets[name]
}

export function school(): TaskSet {
  const lines = readFileSync(shared('data/school/school.csv'), 'utf8').trim().split(/\r?\n/)
  const names = lines[0].split(',')
  const table = tableOf(
    names,
    lines.slice(1).map((line) => line.split(',').map(Number)),
  )
  return buildTaskSet(table, Roles.parse({ targets: ['score'], task: 'school' }))
}
