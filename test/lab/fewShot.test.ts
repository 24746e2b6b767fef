import fs from 'node:fs'
import path from 'node:path'
import { zipSync } from 'fflate'
import { expect, test } from 'vitest'
import type { ExperimentSpec } from '../../core/experiment.ts'
import { npy } from '../data/arrays.ts'
import { ended, eventsOf, openLab, refused, run, until } from './labs.ts'
import { tempFolder } from './places.ts'

/** Twelve classes of six images of 4 x 4: each class has its own two bright rows and columns, and some noise. */
const folder = tempFolder()
const [CLASSES, EACH] = [12, 6]
const wave = (i: number) => (1 + Math.sin(i * 12.9898 + 4)) / 2
const bright = (c: number, place: number) => ((c + 1) * (3 + (place % 4)) + Math.floor(place / 4) * (c % 3)) % 4 > 1
const pixels = Uint8Array.from({ length: CLASSES * EACH * 16 }, (_, i) => {
  const c = Math.floor(i / 16 / EACH)
  return (bright(c, i % 16) ? 180 : 0) + Math.floor(60 * wave(i))
})
const label = Int32Array.from({ length: CLASSES * EACH }, (_, row) => Math.floor(row / EACH))
const file = path.join(folder, 'signs.npz')
fs.writeFileSync(
  file,
  zipSync({
    'images.npy': npy('|u1', [CLASSES * EACH, 4, 4], pixels),
    'sign.npy': npy('<i4', [CLASSES * EACH], label),
  }),
)
const spec = (hash: string, iterations: number) =>
  ({
    name: 'signs',
    data: { hash },
    methods: [{ id: 'maml-classes', params: { hidden: [8], iterations, metaBatch: 4 } }],
    evaluation: { protocol: 'few-shot', ways: 3, shots: 2, queries: 2, episodes: 40 },
    metrics: ['accuracy'],
    twins: false,
  }) as unknown as ExperimentSpec

test('on the curve of labelled rows, class means stand beside the meta-learner as what learns each task alone', async () => {
  const lab = await openLab({ workspacePath: path.join(folder, 'curve.engram'), workers: 1 })
  const { hash } = await lab.call('data.open', { files: [{ path: file }] })
  const { id, status } = await run(lab, {
    ...spec(hash, 10),
    methods: [...spec(hash, 10).methods, { id: 'class-means' }],
    evaluation: { protocol: 'few-shot', ways: 3, shots: 2, queries: 2, episodes: 10, shotCurve: [1, 2] },
  })
  expect(status).toBe('done')
  const { baseline, worth } = await lab.call('experiment.shots', { id })
  expect([baseline, worth?.method, worth?.alone]).toEqual(['class-means', 'maml-classes', 'class-means'])
  await lab.close()
})

test('a model of drawn classes is not for rows of a file: it would answer in places, of inputs that nobody encoded', async () => {
  const lab = await openLab({ workspacePath: path.join(folder, 'drawn.engram'), workers: 1 })
  const table = path.join(folder, 'letters.csv')
  const lines = Array.from({ length: 120 }, (_, i) => `${(i % 12) + wave(i)},${wave(i + 7)},L${i % 12}`)
  fs.writeFileSync(table, ['a,b,letter', ...lines].join('\n'))
  const { hash } = await lab.call('data.open', { files: [{ path: table }] })
  const done = await run(lab, {
    name: 'letters',
    data: { hash, roles: { targets: ['letter'] } },
    methods: [{ id: 'maml', params: { iterations: 5, hidden: [4] } }],
    evaluation: { protocol: 'few-shot', ways: 3, shots: 2, queries: 2, episodes: 5 },
    twins: false,
  })
  const { id } = done.runs.find(({ fold }) => fold === 'all')!
  const files = [{ path: table }]
  expect((await refused(lab.call('run.predict', { run: id, files }))).code).toBe('run.drawn-classes')
  expect((await refused(lab.call('run.export', { run: id, format: 'onnx' }))).code).toBe('run.drawn-onnx')
  expect(await refused(lab.call('run.adapt', { run: id, files }))).toMatchObject({
    code: 'adapt.many-classes',
    got: expect.stringMatching(/^12: "L0"/),
  })
  expect((await lab.call('run.export', { run: id, format: 'json' })).name).toContain('maml')
  await lab.close()
})

test(
  'images go through the lab: thumbnails, plan, a run that was paused and resumed, and the workspace',
  { timeout: 240_000 },
  async () => {
    const first = await openLab({ workspacePath: path.join(folder, 'quiet.engram'), workers: 1 })
    const { hash, summary } = await first.call('data.open', { files: [{ path: file }] })
    expect(summary.tensors).toEqual([
      { name: 'images', shape: [CLASSES * EACH, 4, 4], min: 0, max: expect.any(Number) },
    ])
    const ask = { hash, by: 'sign', from: 2, classes: 3, each: 2 }
    const images = await first.call('data.images', ask)
    expect(images).toMatchObject({ height: 4, width: 4, channels: 1, of: CLASSES })
    expect(images.groups.map(({ value, count, rows }) => [value, count, ...rows])).toEqual([
      ['2', EACH, 12, 13],
      ['3', EACH, 18, 19],
      ['4', EACH, 24, 25],
    ])
    const least = Math.min(...pixels)
    const most = Math.max(...pixels)
    const shade = (byte: number) => Math.round((255 * (byte - least)) / (most - least))
    const shown = [...Buffer.from(images.groups[0].pixels, 'base64')]
    const wanted = Array.from(pixels.subarray(12 * 16, 14 * 16), shade)
    expect(Math.max(...shown.map((value, i) => Math.abs(value - wanted[i])))).toBeLessThanOrEqual(1)
    expect((await first.call('data.images', { ...ask, by: null, from: 0 })).groups[0].rows).toEqual([0, 1, 2, 3, 4, 5])
    expect((await refused(first.call('data.images', { ...ask, by: 'none' }))).code).toBe('data.images')

    const plan = await first.call('experiment.plan', { spec: spec(hash, 4000) })
    expect(plan.seconds).toBeGreaterThan(0)
    const many = {
      ...spec(hash, 10),
      evaluation: { protocol: 'few-shot', ways: 9, shots: 1, queries: 1 },
    } as unknown as ExperimentSpec
    expect((await refused(first.call('experiment.plan', { spec: many }))).code).toBe('episodes.too-few-classes')
    const done = await run(first, spec(hash, 4000))
    expect(done.runs.map(({ error }) => error)).toEqual([null, null])
    const undisturbed = await eventsOf(first, done.id)
    await first.close()

    const workspacePath = path.join(folder, 'paused.engram')
    let lab = await openLab({ workspacePath, workers: 1 })
    await lab.call('data.open', { files: [{ path: file }] })
    const { id } = await lab.call('experiment.run', { spec: spec(hash, 4000) })
    await until(lab, (n) => n.type === 'run' && n.summary.done > 200)
    await lab.call('queue.pause', { experiment: id })
    await until(lab, (n) => n.type === 'run' && n.summary.status === 'paused')
    const { line, runs } = await lab.call('experiment.get', { id })
    expect(line.status).toBe('paused')
    expect(line.secondsLeft).toBeGreaterThan(0)
    const paused = runs.find(({ status }) => status === 'paused')!
    expect(paused.done).toBeGreaterThan(200)
    expect(paused.done).toBeLessThan(paused.of)
    await lab.close()

    // The images come from the workspace now, and are what they were: their hash is looked at.
    fs.renameSync(file, path.join(folder, 'away.npz'))
    lab = await openLab({ workspacePath, workers: 1 })
    expect(await lab.call('data.images', ask)).toEqual(images)
    await lab.call('queue.resume', { experiment: id })
    expect((await ended(lab, id)).status).toBe('done')
    expect(await eventsOf(lab, id)).toEqual(undisturbed)
    await lab.close()
  },
)
