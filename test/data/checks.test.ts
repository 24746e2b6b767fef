import { describe, expect, test } from 'vitest'
import { buildTaskSet } from '../../core/data/buildTaskSet.ts'
import { cramersV } from '../../core/data/checks/confounding.ts'
import { kolmogorovSmirnov, kolmogorovTail } from '../../core/data/checks/drift.ts'
import type { Finding } from '../../core/data/checks/finding.ts'
import { answered, checkData, checkEvaluation } from '../../core/data/checks/index.ts'
import { mended } from '../../core/data/checks/remedy.ts'
import { Roles } from '../../core/data/roles.ts'
import { makeFolds } from '../../core/data/splits.ts'
import type { Table } from '../../core/data/table.ts'
import { summaryOf } from '../../core/expand.ts'
import { Evaluation } from '../../core/experiment.ts'
import { rng } from '../../core/rng.ts'
import { count, tableOf } from './tables.ts'

const noise = (key: string, n = 200) => {
  const random = rng(key)
  return count(n).map(() => random.normal())
}
const look = (table: Table, roles: Roles) => checkData(buildTaskSet(table, roles), roles).findings
const brief = (found: Finding[]) => found.map(({ code, columns }) => `${code}: ${columns.join(' ')}`)
/** Two inputs, a target and a site that have nothing to do with each other. */
const clean = (n = 200) => ({
  a: noise('a', n),
  b: noise('b', n),
  site: count(n).map((i) => 'ABCD'[i % 4]),
  y: noise('y', n),
})
const roles = (given: Partial<Roles> = {}) => Roles.parse({ targets: ['y'], task: 'site', ...given })

test('nothing is found where nothing is wrong', () => {
  expect(brief(look(tableOf(clean()), roles()))).toEqual([])
  expect(
    brief(look(tableOf({ ...clean(), y: clean().b.map((b) => (b > 0 ? 'yes' : 'no')), b: noise('c') }), roles())),
  ).toEqual([])
})

describe('a target among the features', () => {
  const { y } = clean()
  const number = (copy: number[]) => brief(look(tableOf({ ...clean(), copy }), roles()))
  test('on another unit', () => expect(number(y.map((v) => 32 + 1.8 * v))).toEqual(['target-in-features: copy']))
  test('nearly', () => expect(number(y.map((v, i) => v + 0.01 * noise('e')[i]))).toEqual(['target-near-copy: copy']))
  test('on a bent scale', () => expect(number(y.map((v) => Math.exp(-2 * v)))).toEqual(['target-monotone-copy: copy']))
  test('a good predictor is none', () => expect(number(y.map((v, i) => v + 0.3 * noise('e')[i]))).toEqual([]))

  const classes = count(200).map((i) => ['in', 'out', 'out'][i % 3])
  const word = (copy: (string | number)[], target = classes) =>
    brief(look(tableOf({ ...clean(), y: target, copy }), roles({ targets: ['y'], task: null, ignore: ['site'] })))
  test('classes under other names', () =>
    expect(word(classes.map((c) => (c === 'in' ? 1 : 0)))).toEqual(['target-in-features: copy']))
  test('classes that are finer', () =>
    expect(word(classes.map((c, i) => `${c} ${(i >> 3) % 2}`))).toEqual(['target-near-copy: copy']))
  test('a threshold', () =>
    expect(word(classes.map((c, i) => (c === 'in' ? 5 : 0) + 0.5 * noise('t')[i]))).toEqual([
      'target-by-threshold: copy',
    ]))
  test('an input that helps is none', () =>
    expect(word(classes.map((c, i) => (c === 'in' ? 1 : 0) + noise('t')[i]))).toEqual([]))
})

test('what is tested on whole places already asks for nothing more', () => {
  const found = (weight: Finding['weight'], code: string, params: Finding['params']): Finding => ({
    ...{ code, text: '', params, weight, columns: [], rows: [] },
    remedies: [{ kind: 'protocol', protocol: 'new-task' }],
  })
  const tells = found('leak', 'place-tells-number', { column: 'site', target: 'y' })
  const drift = found('note', 'drift-number', { place: 'site', column: 'a' })
  const by = Roles.parse({ targets: ['y'], task: 'site' })
  for (const protocol of ['few-shot', 'new-task', 'leave-one-group-out'] as const) {
    const evaluation = Evaluation.parse({ protocol })
    expect(answered(tells, by, evaluation)).toEqual([])
    expect(answered(drift, by, evaluation)).toEqual([{ ...drift, remedies: [] }])
  }
  expect(answered(tells, by, Evaluation.parse({ protocol: 'k-fold' }))).toEqual([tells])
  // Another column than the one that is kept whole.
  expect(answered(tells, { ...by, task: 'farm' }, Evaluation.parse({ protocol: 'few-shot' }))).toEqual([tells])
  expect(answered(tells, { ...by, group: 'farm' }, Evaluation.parse({ protocol: 'leave-one-group-out' }))).toEqual([
    tells,
  ])
})

describe('rows that stand more than once', () => {
  const n = 100
  const once = { a: noise('a', n), b: noise('b', n), y: noise('y', n) }
  const again = (cells: number[], with_: (v: number, i: number) => number = (v) => v) => [
    ...cells,
    ...cells.slice(0, 10).map(with_),
  ]
  const copied = tableOf({
    key: count(n + 10),
    a: again(once.a),
    b: again(once.b),
    y: again(once.y),
  })
  const own = Roles.parse({ targets: ['y'], ignore: [] })

  test('copies, though a key tells them apart', () => {
    const [key, copies] = look(copied, own).sort((a, b) => b.code.localeCompare(a.code))
    expect([key.code, key.columns]).toEqual(['key-as-feature', ['key']])
    expect([copies.code, copies.params, copies.rows]).toEqual([
      'duplicate-rows',
      { n: 10, rows: 110, first: 1, second: 101 },
      [0, 100],
    ])
    expect(copies.remedies.map(({ kind }) => kind)).toEqual(['duplicates', 'duplicates'])
  })
  test('counted once: copies are in no fold, and nothing is missing', () => {
    const once = mended(own, { kind: 'duplicates', how: 'drop' }) as Roles
    const set = buildTaskSet(copied, once)
    const folds = makeFolds(set, Evaluation.parse({ folds: 5 }))
    const seen = folds.flatMap(({ test }) => [...test]).sort((a, b) => a - b)
    expect(seen).toEqual(count(100))
    expect(folds.every(({ train, test }) => train.length + test.length === 100)).toBe(true)
    expect(summaryOf(set)).toMatchObject({ rows: 100, missingTargets: false })
    expect(brief(checkData(set, once).findings)).toEqual(['key-as-feature: key'])
  })
  test('kept together: no copy is learned from where the other is tested', () => {
    const together = mended(own, { kind: 'duplicates', how: 'together' }) as Roles
    const set = buildTaskSet(copied, together)
    for (const { train } of makeFolds(set, Evaluation.parse({ folds: 5 }))) {
      const learned = new Set(train)
      for (let i = 0; i < 10; i++) expect(learned.has(i)).toBe(learned.has(100 + i))
    }
    expect(() => makeFolds(set, Evaluation.parse({ protocol: 'leave-one-group-out' }))).toThrow(
      'so a column must have the role group or task',
    )
  })
  test('kept together with the groups that they lie in', () => {
    const group = count(n + 10).map((i) => Math.floor(i / 5))
    const table = tableOf({ group, a: again(once.a), b: again(once.b), y: again(once.y) })
    const set = buildTaskSet(table, Roles.parse({ targets: ['y'], group: 'group', duplicates: 'together' }))
    const blocks = set.blocks as Int32Array
    // Rows 0-4 and 100-104 are copies, so groups 0 and 20 are one block; group 2 stays by itself.
    expect(new Set([0, 1, 4, 100, 104].map((row) => blocks[row])).size).toBe(1)
    expect(blocks[10]).toBe(blocks[14])
    expect(blocks[10]).not.toBe(blocks[0])
    expect(set.equalBlocks).toBeUndefined()
  })
  test('equal inputs with other targets, and how much nobody can know', () => {
    const table = tableOf({ a: again(once.a), b: again(once.b), y: again(once.y, (v, i) => v + (i % 2 ? 1 : -1)) })
    const [found] = look(table, own)
    expect([found.code, found.params.n, found.params.target]).toEqual(['repeated-inputs', 20, 'y'])
    // Pairs that lie 1 apart have a pooled variance of 1/2; the target about 1.
    expect(found.params.share).toBeGreaterThan(55)
    expect(found.params.share).toBeLessThan(85)
  })
  test('rows of few kinds are no copies, though their inputs are equal', () => {
    const kind = count(400).map((i) => (i * 7) % 10)
    const y = noise('kinds', 400).map((v, i) => Math.round(4 * v) + kind[i])
    const table = tableOf({ a: kind, b: kind.map((k) => k * k), c: kind.map((k) => 2 * k + 1), y })
    expect(look(table, own).map(({ code, weight }) => [code, weight])).toEqual([['repeated-inputs', 'note']])
  })
  test('tables of few values repeat by chance', () => {
    const few = (k: number, key: string) => noise(key, 300).map((v) => Math.floor(Math.abs(v * k)) % k)
    const table = tableOf({ a: few(3, 'a'), b: few(4, 'b'), y: few(2, 'y').map((v) => 'no yes'.split(' ')[v]) })
    expect(brief(look(table, own))).toEqual([])
  })
})

describe('columns', () => {
  const found = (more: Record<string, (number | string | null)[]>) =>
    brief(look(tableOf({ ...clean(), ...more }), roles()))
  test('keys, by counting or by name', () => {
    expect(found({ nth: count(200).map((i) => ((i * 7) % 200) + 1) })).toEqual(['key-as-feature: nth'])
    expect(found({ plot_id: count(200).map((i) => i * i) })).toEqual(['key-as-feature: plot_id'])
    expect(found({ area: count(200).map((i) => ((i * 37) % 211) ** 2) })).toEqual([])
  })
  test('names', () => expect(found({ who: count(200).map((i) => `n${i % 150}`) })).toEqual(['names-as-features: who']))
  test('numbers far from all others', () => {
    const codes = noise('codes').map((value, i) => (i % 20 === 3 ? -999 : i === 8 ? 1e30 : value))
    const [one] = look(tableOf({ ...clean(), codes }), roles())
    expect(one).toMatchObject({ code: 'far-values', weight: 'note', columns: ['codes'], rows: [8, 3] })
    expect(one.params).toMatchObject({ value: 1e30, count: 1 })
    expect(one.params.low).toBeGreaterThan(-5)
    const typed = noise('typed').map((value, i) => (i === 5 ? -9999 : value))
    expect(look(tableOf({ ...clean(), typed }), roles())[0].params.value).toBe(-9999)
    const heavy = noise('heavy').map(Math.exp)
    const few = count(200).map((i) => [0, 1, 2, 5, 50][i % 5])
    const tenth = noise('tenth').map((value, i) => (i % 9 === 0 ? -999 : value))
    expect(found({ heavy, few, tenth })).toEqual([])
  })
  test('one value, and nearly one', () => {
    const constant = count(200).map(() => 'x')
    const nearly = count(200).map((i) => (i === 7 ? 2 : 1))
    expect(found({ constant, nearly, gaps: count(200).map((i) => (i % 3 ? 4 : null)) })).toEqual([
      'constant-columns: constant gaps',
      'near-constant-columns: nearly',
    ])
  })
})

describe('places', () => {
  const { site, y } = clean()
  test('that tell the class', () => {
    const table = tableOf({ ...clean(), y: site.map((s, i) => ('AB'.includes(s) === i % 20 > 0 ? 'ill' : 'well')) })
    const [found] = look(table, roles())
    expect([found.code, found.columns]).toEqual(['place-tells-class', ['site']])
    expect(found.params).toMatchObject({ right: 95, plain: 55 })
    expect(found.remedies).toEqual([{ kind: 'protocol', protocol: 'leave-one-group-out' }])
    const asFeature = look(table, Roles.parse({ targets: ['y'] }))[0]
    expect(asFeature.remedies).toEqual([
      { kind: 'ignore', columns: ['site'] },
      { kind: 'group', column: 'site' },
    ])
  })
  test('that tell the number', () =>
    expect(brief(look(tableOf({ ...clean(), y: site.map((s, i) => 5 * 'ABCD'.indexOf(s) + y[i]) }), roles()))).toEqual([
      'place-tells-number: site',
    ]))
  test('whose inputs differ, numbers and classes', () => {
    const shifted = site.map((s, i) => (s === 'C' ? 2 : 0) + noise('s')[i])
    const [found] = look(tableOf({ ...clean(), shifted }), roles())
    expect([found.code, found.columns]).toEqual(['drift-number', ['shifted']])
    expect(found.params).toMatchObject({ place: 'site', level: 'C', n: 1, of: 3 })
    expect(found.params.smd).toBeGreaterThan(1.5)
    const soil = site.map((s, i) => (s === 'D' ? 'clay' : ['clay', 'sand', 'loam'][(i >> 2) % 3]))
    expect(brief(look(tableOf({ ...clean(), soil }), roles()))).toEqual(['drift-class: soil'])
  })
  test('figures of scipy', () => {
    const x = Float64Array.from([3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8])
    const codes = Int32Array.from([0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2])
    const d = kolmogorovSmirnov(x, codes, Int32Array.from([4, 4, 4]))
    expect([...d].map((v) => v.toFixed(6))).toEqual(['0.750000', '0.375000', '0.375000'])
    expect(kolmogorovTail(0.2, 50)).toBeCloseTo(0.03137665215307253, 9)
    expect(cramersV(Float64Array.from([30, 5, 4, 28, 10, 12]), 3, 2)).toBeCloseTo(0.6217089630992116, 12)
  })
})

test('subjects on both sides: counted on the folds as they are', () => {
  const table = tableOf({ ...clean(), subject: count(200).map((i) => i % 8), y: noise('y') })
  const own = roles()
  const set = buildTaskSet(table, own)
  const found = (evaluation: object) => checkEvaluation(set, own, Evaluation.parse(evaluation))
  const [split] = found({ protocol: 'k-fold' })
  expect([split.code, split.params]).toEqual(['subjects-split', { column: 'subject', subjects: 8, rows: 25, both: 8 }])
  // Given folds that keep subjects whole are as good as a group column.
  const testFolds = [0, 4].map((from) => count(200).filter((i) => i % 8 >= from && i % 8 < from + 4))
  expect(found({ testFolds })).toEqual([])
  const grouped = mended(own, split.remedies[0]) as Roles
  expect(checkEvaluation(buildTaskSet(table, grouped), grouped, Evaluation.parse({}))).toEqual([])
  // Where each subject is a task, known subjects are what is asked about.
  const asked = roles({ task: 'subject' })
  expect(checkEvaluation(buildTaskSet(table, asked), asked, Evaluation.parse({}))).toEqual([])
})

test('more features than rows', () => {
  const wide = tableOf({ ...Object.fromEntries(count(8).map((i) => [`x${i}`, [i, 2, i * i, 1]])), y: [1, 2, 3, 5] })
  const own = Roles.parse({ targets: ['y'] })
  expect(look(wide, own).map(({ code }) => code)).toContain('more-features-than-rows')
})
