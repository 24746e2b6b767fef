import fs from 'node:fs'
import path from 'node:path'
import { zipSync } from 'fflate'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runCommandLine } from '../../electron/cli/program.ts'
import { npy } from '../data/arrays.ts'
import { blobOf, openLab, refused, run, type TestLab } from './labs.ts'
import { tempFolder } from './places.ts'

/** Models that learned to tell drawn classes apart are given a handful of labelled rows of classes nobody has seen. */
const folder = tempFolder()
const wave = (i: number) => Math.sin(i * 12.9898 + 4)
const SIDE = 4
let lab: TestLab
/** The run of a method that learned from every row. */
let images: (method: string) => string
let rows: (method: string) => string

/** A class has its own bright pixels; images of it differ by noise. */
const pixel = (c: number, i: number, place: number) => {
  const bright = ((c + 1) * (3 + (place % 4)) + Math.floor(place / 4) * (c % 5)) % 7 > 3
  return (bright ? 180 : 0) + Math.floor(30 * (1 + wave(97 * c + 16 * i + place)))
}
const picturesOf = (classes: number[], each: number) =>
  npy(
    '|u1',
    [classes.length * each, SIDE, SIDE],
    Uint8Array.from({ length: classes.length * each * SIDE * SIDE }, (_, i) => {
      const row = Math.floor(i / SIDE / SIDE)
      return pixel(classes[Math.floor(row / each)], row % each, i % (SIDE * SIDE))
    }),
  )
const numbers = (values: number[]) => npy('<i4', [values.length], Int32Array.from(values))
const wordsOf = (values: string[]) => {
  const codes = values.flatMap((word) => Array.from({ length: 8 }, (_, i) => word.charCodeAt(i) || 0))
  return npy('<U8', [values.length], Int32Array.from(codes))
}
function write(name: string, arrays: Record<string, Uint8Array>): { path: string } {
  const file = path.join(folder, name)
  fs.writeFileSync(file, zipSync(Object.fromEntries(Object.entries(arrays).map(([n, a]) => [`${n}.npy`, a]))))
  return { path: file }
}
/** Of each class: labelled rows, then others without. */
const some = <T>(names: T[], each: number, labelled: number, none: T) =>
  names.flatMap((name) => Array.from({ length: each }, (_, i) => (i < labelled ? name : none)))

/** Classes lie on a circle; inputs of different scales, one of them words. */
function letters(
  name: string,
  classes: string[],
  each: number,
  labelled = each,
  columns = 'a,b,soil,letter',
): { path: string } {
  const lines = classes.flatMap((label, c) =>
    Array.from({ length: each }, (_, i) => {
      const angle = 2.4 * (label.charCodeAt(0) + c)
      const [a, b] = [1000 + 300 * Math.cos(angle) + 20 * wave(i + c), 0.3 * Math.sin(angle) + 0.02 * wave(3 * i + c)]
      return [a.toFixed(3), b.toFixed(5), c % 2 ? 'clay' : 'sand', i < labelled ? label : ''].join(',')
    }),
  )
  const file = path.join(folder, name)
  fs.writeFileSync(file, [columns, ...lines].join('\n'))
  return { path: file }
}

async function trained(files: { path: string }[], name: string, roles: object, methods: object[]) {
  const { hash } = await lab.call('data.open', { files })
  const done = await run(lab, {
    name,
    data: { hash, ...roles },
    methods,
    evaluation: { protocol: 'few-shot', ways: 3, shots: 2, queries: 3, episodes: 5 },
    metrics: ['accuracy'],
    twins: false,
  })
  expect(done.runs.map(({ error }) => error?.rule ?? null)).toEqual(done.runs.map(() => null))
  return (method: string) => done.runs.find((own) => own.methodKey === method && own.fold === 'all')!.id
}

beforeAll(async () => {
  lab = await openLab({ workspacePath: path.join(folder, 'w.engram'), workers: 1 })
  const classes = Array.from({ length: 12 }, (_, c) => c)
  const signs = write('signs.npz', { images: picturesOf(classes, 6), sign: numbers(some(classes, 6, 6, -1)) })
  images = await trained([signs], 'signs', {}, [
    { id: 'maml-classes', params: { hidden: [16], iterations: 150, metaBatch: 4 } },
    { id: 'prototypical', params: { hidden: [16], iterations: 20 } },
    { id: 'class-means' },
    { id: 'random-forest', params: { trees: 3 } },
  ])
  const names = Array.from({ length: 12 }, (_, c) => `L${c}`)
  rows = await trained([letters('letters.csv', names, 8)], 'letters', { roles: { targets: ['letter'] } }, [
    { id: 'maml', params: { iterations: 100, hidden: [16] } },
    { id: 'class-means' },
  ])
}, 60_000)
afterAll(() => lab.close())

const csvOf = async (hash: string) =>
  (await blobOf(lab, hash))
    .toString('utf8')
    .trim()
    .split('\r\n')
    .map((line) => line.split(','))

test('images of new classes with names are learned step by step, and the others are told apart', async () => {
  const names = ['ox', 'elk', 'yak']
  const file = write('beasts.npz', {
    images: picturesOf([20, 21, 22], 8),
    sign: wordsOf(some(names, 8, 3, '')),
  })
  const answer = await lab.call('run.adapt', { run: images('maml-classes'), files: [file] })
  const classes = names.map((name) => ({ name, rows: 3 }))
  expect(answer.tasks).toEqual([{ id: 'sign', rows: 9, isNew: true, classes }])
  expect([answer.unlabelled, answer.warnings]).toEqual([15, []])
  expect(answer.trace.map(({ steps }) => steps)).toEqual([0, 1, 5, 10])
  expect(answer.truth).toEqual(some(names, 3, 3, ''))
  const errors = answer.trace.map(({ errors: [own] }) => own.error!)
  expect(errors[0]).toBeGreaterThan(errors[3])
  expect(errors[3]).toBe(0)
  expect(answer.trace.flatMap(({ said }) => said).every((said) => names.includes(String(said)))).toBe(true)

  const { csv, warnings } = await lab.call('run.predict', {
    run: images('maml-classes'),
    files: [file],
    model: answer.model,
  })
  expect(warnings).toEqual([])
  const [heading, ...said] = await csvOf(csv)
  expect(heading).toEqual(['row', 'sign', 'sign: ox', 'sign: elk', 'sign: yak'])
  expect(said.map((line) => line[1])).toEqual(some(names, 8, 8, ''))
  for (const line of said) expect(line.slice(2).reduce((sum, own) => sum + Number(own), 0)).toBeCloseTo(1, 6)
})

test('a file of images and one of labels, -1 where there is none; two classes where three were trained; images alone', async () => {
  const pair = ['pictures.npy', 'label.npy'].map((name) => ({ path: path.join(folder, name) }))
  fs.writeFileSync(pair[0].path, picturesOf([30, 31], 5))
  fs.writeFileSync(pair[1].path, numbers(some([7, 4], 5, 2, -1)))
  const bare = path.join(folder, 'others.npy')
  fs.writeFileSync(bare, picturesOf([31, 30], 3))
  for (const method of ['maml-classes', 'prototypical', 'class-means']) {
    const answer = await lab.call('run.adapt', { run: images(method), files: pair })
    expect([answer.tasks[0].rows, answer.unlabelled]).toEqual([4, 6])
    expect(answer.tasks[0].classes!.map(({ name }) => name)).toEqual(['7', '4'])
    expect(answer.trace.length).toBe(method === 'maml-classes' ? 4 : 0)
    const { csv } = await lab.call('run.predict', { run: images(method), files: [{ path: bare }], model: answer.model })
    const [heading, ...said] = await csvOf(csv)
    expect(heading).toEqual(['row', 'sign', 'sign: 7', 'sign: 4'])
    expect(said.map((line) => line[1])).toEqual(['4', '4', '4', '7', '7', '7'])
  }
})

test('a table of new classes; prototypes and means learn more classes than they were trained for', async () => {
  const few = letters('few.csv', ['P', 'R', 'T'], 6, 2)
  for (const method of ['maml', 'class-means']) {
    const answer = await lab.call('run.adapt', { run: rows(method), files: [few] })
    expect([answer.tasks[0].classes!.map(({ name }) => name), answer.unlabelled]).toEqual([['P', 'R', 'T'], 12])
    const { csv } = await lab.call('run.predict', { run: rows(method), files: [few], model: answer.model })
    const said = (await csvOf(csv)).slice(1).map((line) => line[1])
    const right = said.filter((name, i) => name === some(['P', 'R', 'T'], 6, 6, '')[i]).length
    expect(right).toBeGreaterThanOrEqual(method === 'maml' ? 12 : 18)
  }
  const five = letters('five.csv', ['P', 'R', 'T', 'V', 'X'], 6, 2)
  const many = await lab.call('run.adapt', { run: rows('class-means'), files: [five] })
  expect(many.tasks[0].classes).toHaveLength(5)
  const { columns } = await lab.call('run.predict', { run: rows('class-means'), files: [five], model: many.model })
  expect(columns).toHaveLength(7)
  expect(await refused(lab.call('run.adapt', { run: rows('maml'), files: [five] }))).toMatchObject({
    code: 'adapt.many-classes',
    who: 'five.csv',
    got: '5: "P", "R", "T", "V", "X"',
  })
})

test('says what is wrong: one class, no label, other columns, other images, no labelled row at all, a method that cannot', async () => {
  const asked = async (file: { path: string }, own = rows('maml')) =>
    refused(lab.call('run.adapt', { run: own, files: [file] }))
  expect(await asked(letters('one.csv', ['P'], 4))).toMatchObject({ code: 'adapt.one-class', got: '"P" alone' })
  expect(await asked(letters('none.csv', ['P', 'R'], 4, 0))).toMatchObject({ code: 'adapt.no-class', who: 'none.csv' })
  expect(await asked(letters('odd.csv', ['P', 'R'], 4, 2, 'a,c,soil,letter'))).toMatchObject({
    code: 'predict.missing-columns',
    got: 'no column "b"',
  })
  expect(await asked(letters('unnamed.csv', ['P', 'R'], 4, 2, 'a,b,soil,name'))).toMatchObject({
    code: 'predict.missing-columns',
    got: 'no column "letter"',
  })
  const small = write('small.npz', { images: npy('|u1', [4, 2, 2], new Uint8Array(16)), sign: numbers([1, 2, 1, 2]) })
  expect(await asked(small, images('class-means'))).toMatchObject({
    code: 'adapt.other-images',
    got: 'images of 2 x 2',
  })
  expect(await asked(letters('few.csv', ['P', 'R'], 4, 2), images('class-means'))).toMatchObject({
    code: 'predict.missing-columns',
  })
  expect((await asked(small, images('random-forest'))).code).toBe('run.cannot')
  const file = letters('few.csv', ['P', 'R'], 4, 2)
  const { model } = await lab.call('run.adapt', { run: rows('maml'), files: [file] })
  expect((await refused(lab.call('run.predict', { run: rows('maml'), files: [file] }))).code).toBe('run.drawn-classes')
  expect((await refused(lab.call('run.export', { run: rows('maml'), format: 'onnx', model }))).code).toBe(
    'run.drawn-onnx',
  )
})

test('engram adapt takes the files that belong together, and writes the classes of the others', async () => {
  const file = letters('cli.csv', ['P', 'R'], 5, 2)
  const output = path.join(folder, 'said.csv')
  let out = ''
  const status = await runCommandLine(
    [
      'adapt',
      rows('class-means'),
      file.path,
      '-w',
      path.join(folder, 'w.engram'),
      '--predict',
      file.path,
      '-o',
      output,
    ],
    {
      make: async () => ({ ...lab, close: async () => {} }),
      streams: { out: (text) => void (out += text), err: () => {}, tty: false },
      version: '1',
    },
  )
  expect([status, out.split('\n')[0]]).toEqual([0, 'letter: 4 labelled rows (P 2, R 2)'])
  const [heading, ...said] = fs.readFileSync(output, 'utf8').trim().split('\r\n')
  expect(heading).toBe('row,letter,letter: P,letter: R')
  expect(said.map((line) => line.split(',')[1])).toEqual(some(['P', 'R'], 5, 5, ''))
})
