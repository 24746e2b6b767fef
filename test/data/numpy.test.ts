import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { strToU8, zipSync } from 'fflate'
import { afterAll, describe, expect, test } from 'vitest'
import { buildTaskSet } from '../../core/data/buildTaskSet.ts'
import { cell } from '../../core/data/summary.ts'
import { UserError, type UserErrorJson } from '../../core/errors.ts'
import { referenceRuntime } from '../../core/engine/index.ts'
import { expand } from '../../core/expand.ts'
import { ExperimentSpec } from '../../core/experiment.ts'
import { propose } from '../../core/propose.ts'
import { fold, train } from '../../core/run.ts'
import { ReadOptions } from '../../core/data/reading.ts'
import { sources } from '../../electron/lab/importers/format.ts'
import { numpy } from '../../electron/lab/importers/numpy.ts'
import { openFiles, preview } from '../../electron/lab/importers/open.ts'
import { npy } from './arrays.ts'

const folder = mkdtempSync(join(tmpdir(), 'engram-numpy-'))
afterAll(() => rmSync(folder, { recursive: true }))
const put = (name: string, bytes: Uint8Array) => {
  writeFileSync(join(folder, name), bytes)
  return { name, path: join(folder, name) }
}
const read = (name: string, bytes: Uint8Array, options = {}) => openFiles([put(name, bytes)], options)
/** Without the process around it, which `refused.test.ts` is about. */
async function refusal(name: string, bytes: Uint8Array): Promise<UserErrorJson> {
  const host = { progress: () => {}, scratch: async () => folder }
  const given = await sources([put(name, bytes)])
  expect(numpy.match(given)).toBe(true)
  const error = await numpy.open(given, ReadOptions.parse({}), host).then(
    ({ rows }) => `read ${rows} rows`,
    (e: unknown) => e,
  )
  expect(error, String(error)).toBeInstanceOf(UserError)
  return (error as UserError).json
}

/** 40 images of 4 x 4, eight classes of five: class c has shade 30 c in its corner. */
const ROWS = 40
const pixels = Uint8Array.from({ length: ROWS * 16 }, (_, i) =>
  i % 16 === 0 ? 30 * (Math.floor(i / 16 / 5) + 1) : (i * 7) % 11,
)
const labels = Int32Array.from({ length: ROWS }, (_, row) => Math.floor(row / 5))
const images = npy('|u1', [ROWS, 4, 4], pixels)
const label = npy('<i4', [ROWS], labels)
const archive = (extra: Record<string, Uint8Array> = {}) =>
  zipSync({ 'images.npy': images, 'label.npy': label, ...extra })

describe('arrays as a table', () => {
  test('an archive: images beside columns, bytes as 0 to 1, in the hash and in the summary', async () => {
    const { table, summary, warnings, read: used } = await read('small.npz', archive())
    expect([table.rows, table.columns.map(({ name }) => name)]).toEqual([ROWS, ['label']])
    expect(table.tensors?.map(({ name, shape }) => [name, ...shape])).toEqual([['images', ROWS, 4, 4]])
    expect(table.tensors?.[0].values).toEqual(Float32Array.from(pixels, (byte) => byte / 255))
    expect(summary.tensors).toEqual([{ name: 'images', shape: [ROWS, 4, 4], min: 0, max: Math.fround(240 / 255) }])
    expect(warnings.map(({ code }) => code)).toEqual(['bytes-scaled'])
    expect((await read('again.npz', archive(), used)).table.hash).toBe(table.hash)
    const other = pixels.slice()
    other[100]++
    const changed = zipSync({ 'images.npy': npy('|u1', [ROWS, 4, 4], other), 'label.npy': label })
    expect((await read('changed.npz', changed)).table.hash).not.toBe(table.hash)
    const seen = await preview([put('small.npz', archive())])
    expect([seen.format, seen.names, seen.rows[5], seen.head[0]]).toEqual([
      'numpy',
      ['label'],
      ['1'],
      ['images', 'u1', `(${ROWS}, 4, 4)`],
    ])
  })

  test('files given together, any order of bytes and axes, a channel, words', async () => {
    const { table } = await read('small.npz', archive())
    // The same images with the first axis fastest, as big-endian numbers already scaled, and with a channel of one.
    const turned = new DataView(new ArrayBuffer(pixels.length * 4))
    pixels.forEach((byte, i) => {
      const [row, y, x] = [Math.floor(i / 16), Math.floor(i / 4) % 4, i % 4]
      turned.setFloat32(4 * (row + ROWS * (y + 4 * x)), byte / 255)
    })
    const fortran = npy('>f4', [ROWS, 4, 4, 1], turned, { fortran_order: 'True' })
    const both = await openFiles([put('images.npy', fortran), put('label.npy', label)])
    expect(both.table.hash).toBe(table.hash)
    expect(both.warnings).toEqual([])

    const words = new Uint32Array(ROWS * 2)
    labels.forEach((c, row) => words.set([0x61 + c, row === 3 ? 0 : 0x7530], 2 * row))
    const wide = npy(
      '<f8',
      [ROWS, 2],
      Float64Array.from({ length: 2 * ROWS }, (_, i) => (i === 5 ? NaN : i / 4)),
    )
    const mixed = await read('mixed.npz', archive({ 'word.npy': npy('<U2', [ROWS], words), 'x.npy': wide }))
    expect(mixed.summary.columns.map(({ name, kind, missing }) => `${name}:${kind}:${missing}`)).toEqual([
      'label:number:0',
      'word:category:0',
      'x[0]:number:0',
      'x[1]:number:1',
    ])
    const [, word, , second] = mixed.table.columns
    expect([cell(word, 0), cell(word, 3), cell(word, 5), cell(second, 3)]).toEqual(['a田', 'a', 'b田', 1.75])
  })

  test('drop, run, no edits: few-shot classes are proposed, and learned', async () => {
    const { table, summary } = await read('small.npz', archive())
    const { roles, evaluation, runnable, metrics } = propose(summary)
    expect(runnable).toBe(true)
    expect(roles).toMatchObject({ targets: ['label'], kinds: { label: 'category' } })
    expect(evaluation).toMatchObject({ protocol: 'few-shot', ways: 4, shots: 1, queries: 4, testFraction: 0.5 })
    const spec = ExperimentSpec.parse({
      data: { hash: table.hash },
      methods: [{ id: 'class-means' }],
      evaluation: { ...evaluation, episodes: 40 },
      twins: false,
      metrics,
    })
    const set = buildTaskSet(table, roles)
    const events = []
    for await (const { event } of train(expand(spec, set)[0], set, referenceRuntime())) events.push(event)
    const { error, metrics: found } = fold(events)
    expect(error).toBeNull()
    expect(found.accuracy.value).toBeGreaterThan(0.9)
  })
})

describe('hostile and broken files, each with its error', () => {
  test('cut off: in the heading, in the numbers, in the archive', async () => {
    expect(await refusal('cut.npy', label.slice(0, 40))).toMatchObject({ code: 'import.npy', who: 'cut.npy' })
    expect(await refusal('cut.npy', label.slice(0, 9))).toMatchObject({ code: 'import.npy' })
    expect(await refusal('short.npy', label.slice(0, -1))).toMatchObject({
      code: 'import.npy',
      got: `${4 * ROWS - 1} bytes where shape (${ROWS}) of <i4 needs ${4 * ROWS}`,
    })
    const whole = archive()
    expect(await refusal('cut.npz', whole.slice(0, whole.length - 30))).toMatchObject({ code: 'import.damaged' })
  })

  test('shapes that promise more than there is, or than any machine has', async () => {
    const promise = (shape: string) => npy('<f8', [1], new Float64Array(1), { shape })
    for (const shape of ['(99999999999,)', '(268435456, 268435456)', '(2, 3)', '(1, 1, 1, 1, 1, 1, 1, 1, 1)', '(-1,)'])
      expect(await refusal('huge.npy', promise(shape)), shape).toMatchObject({ code: 'import.npy' })
    expect(await refusal('scalar.npy', npy('<f8', [], new Float64Array(1), { shape: '()' }))).toMatchObject({
      code: 'import.numpy',
      got: '"scalar" with 0 axes',
    })
  })

  test('objects are never read: a pickle could run what a stranger wrote', async () => {
    const pickle = strToU8("cos\nsystem\n(S'true'\ntR.")
    expect(await refusal('objects.npy', npy('|O', [1], pickle))).toMatchObject({ code: 'import.npy-object' })
    expect(await refusal('objects.npz', zipSync({ 'x.npy': npy('|O', [1], pickle) }))).toMatchObject({
      code: 'import.npy-object',
      who: 'objects.npz, x.npy',
    })
    const record = npy('<f4', [1], new Float32Array(2), { descr: "[('a', '<f4'), ('b', '<f4')]" })
    expect(await refusal('record.npy', record)).toMatchObject({ got: 'an array of records' })
    expect(await refusal('complex.npy', npy('<c8', [1], new Float32Array(2)))).toMatchObject({ code: 'import.npy' })
  })

  test('bombs: what the archive promises, and what comes out of one that lies', async () => {
    const zeros = npy('|u1', [40, 1000, 1000], new Uint8Array(40e6))
    expect(await refusal('bomb.npz', zipSync({ 'x.npy': zeros, 'label.npy': label }))).toMatchObject({
      code: 'import.bomb',
    })
    const lying = zipSync({ 'x.npy': zeros })
    // The directory at the end says that 100 bytes come out.
    const view = new DataView(lying.buffer, lying.byteOffset, lying.byteLength)
    for (let at = 0; at < lying.length - 4; at++) {
      if (view.getUint32(at, true) === 0x02014b50) view.setUint32(at + 24, 100, true)
    }
    expect(await refusal('lying.npz', lying)).toMatchObject({ code: 'import.bomb' })
  })

  test('names that are paths, and parts that are no arrays', async () => {
    for (const name of ['../../evil.npy', '/etc/evil.npy', 'a/b.npy', 'C:\\evil.npy', '.npy', 'readme.txt'])
      expect(await refusal('paths.npz', archive({ [name]: label })), name).toMatchObject({ code: 'import.numpy' })
    expect(await refusal('text.npz', zipSync({ 'x.npy': strToU8('not an array at all') }))).toMatchObject({
      code: 'import.npy',
      who: 'text.npz, x.npy',
    })
  })

  test('lengths that do not agree, images alone, two sets of images, images that are none', async () => {
    expect(await refusal('lengths.npz', archive({ 'y.npy': npy('<i4', [3], labels.slice(0, 3)) }))).toMatchObject({
      code: 'import.numpy',
      got: `${ROWS} in "images" and 3 in "y"`,
    })
    expect(await refusal('alone.npy', images)).toMatchObject({ code: 'import.no-labels' })
    expect(await refusal('two.npz', archive({ 'more.npy': images }))).toMatchObject({
      got: '"images" and "more"',
    })
    expect(await refusal('none.npz', zipSync({ 'x.npy': npy('<f4', [0], new Float32Array(0)) }))).toMatchObject({
      code: 'import.no-rows',
    })
    const nine = npy('|u1', [ROWS, 3, 4, 9], new Uint8Array(ROWS * 108))
    expect(await refusal('axes.npz', zipSync({ 'x.npy': nine, 'y.npy': label }))).toMatchObject({
      code: 'import.images',
      rule: 'The last axis of four is the channel: 1 to 4 of them.',
    })
    const nan = npy('<f4', [ROWS, 1, 1], new Float32Array(ROWS).fill(NaN))
    expect(await refusal('nan.npz', zipSync({ 'x.npy': nan, 'y.npy': label }))).toMatchObject({ code: 'import.images' })
    const long = npy('|u1', [ROWS, 1, 1025], new Uint8Array(ROWS * 1025))
    expect(await refusal('long.npz', zipSync({ 'x.npy': long, 'y.npy': label }, { level: 0 }))).toMatchObject({
      code: 'import.images',
    })
    const infinite = npy('<f8', [2], Float64Array.of(1, Infinity))
    expect(await refusal('infinite.npy', infinite)).toMatchObject({ code: 'import.infinite' })
  })
})
