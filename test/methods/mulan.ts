import { existsSync, readFileSync } from 'node:fs'
import { buildTaskSet } from '../../core/data/buildTaskSet.ts'
import { Roles } from '../../core/data/roles.ts'
import type { Column, Table } from '../../core/data/table.ts'
import type { TaskSet } from '../../core/data/taskSet.ts'

/** Sets of Mulan, read without the application's importers: targets are the last columns, the others numbers or levels. */
const SHARED = new URL('../../../shared/', import.meta.url)
export const MULAN = { slump: 3, edm: 2, andro: 6, enb: 2, wq: 14 } as const
export type MulanName = keyof typeof MULAN
/** Those without given folds. */
export const MORE_MULAN = { sf1: 3, atp1d: 6, atp7d: 6, oes97: 16 } as const

export const shared = (path: string) => new URL(path, SHARED)
export const haveShared = existsSync(shared('reference/folds.json'))

export function mulan(name: MulanName | keyof typeof MORE_MULAN): TaskSet {
  const lines = readFileSync(shared(`data/mulan-mtr/${name}.arff`), 'utf8').split(/\r?\n/)
  const said = lines.flatMap((line) => {
    const [, quoted, kind] = /^@attribute\s+("[^"]*"|'[^']*'|\S+)\s+(.+)$/i.exec(line) ?? []
    return quoted ? [{ name: quoted.replaceAll(/["']/g, ''), levels: /^\{(.*)\}/.exec(kind)?.[1].split(',') }] : []
  })
  const start = lines.findIndex((line) => /^@data/i.test(line))
  const cells = lines
    .slice(start + 1)
    .filter((line) => line.trim() && !line.startsWith('%'))
    .map((line) => line.split(',').map((cell) => cell.trim()))
  const columns = said.map(({ name, levels }, c): Column => {
    if (!levels) return numbers(name, cells.map((row) => Number(row[c] === '?' ? NaN : row[c]))) // prettier-ignore
    const codes = cells.map((row) => levels.findIndex((level) => level.trim() === row[c]))
    const valid = Uint8Array.from(codes, (code) => Number(code >= 0))
    return { name, kind: 'category', levels, values: Int32Array.from(codes, (code) => Math.max(0, code)), valid }
  })
  const targets = said.slice(-{ ...MULAN, ...MORE_MULAN }[name]).map((column) => column.name)
  return buildTaskSet({ hash: 'test', rows: cells.length, columns }, Roles.parse({ targets }))
}

const numbers = (name: string, values: number[]): Column => ({
  name,
  kind: 'number',
  values: Float64Array.from(values),
  valid: Uint8Array.from(values, (value) => Number(Number.isFinite(value))),
})

export function tableOf(names: string[], cells: number[][]): Table {
  const columns = names.map((name, c) =>
    numbers(
      name,
      cells.map((row) => row[c]),
    ),
  )
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
