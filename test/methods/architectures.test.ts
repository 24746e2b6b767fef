import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { fitEncoder } from '../../core/data/encoding.ts'
import type { TaskSet, View } from '../../core/data/taskSet.ts'
import { compile, input, size } from '../../core/engine/index.ts'
import { referenceRuntime } from '../../core/engine/reference.ts'
import type { Runtime } from '../../core/engine/runtime.ts'
import { describeView } from '../../core/frame.ts'
import type { Model } from '../../core/method.ts'
import { method, paramsOf } from '../../core/methods.ts'
import { sharedLoss, taskLosses } from '../../core/nn/losses.ts'
import { columnsByTarget } from '../../core/nn/plan.ts'
import { rng } from '../../core/rng.ts'
import { openRuntime } from '../../electron/lab/runtimes/index.ts'
import { mixedTargets, sites, split } from './toys.ts'

let runtime: Runtime
beforeAll(async () => {
  runtime = (await openRuntime('auto')).runtime
})
afterAll(() => runtime.close())

async function fitted(id: string, params: Record<string, unknown>, train: View): Promise<Model> {
  const m = method(id)
  const context = { train, inner: null, rng: rng(1), runtime, resume: null, episodes: null }
  const going = m.fit(context, paramsOf(m, { epochs: 5, hidden: [7, 5], ...params }))
  for (let next = await going.next(); ; next = await going.next()) if (next.done) return next.value
}

/** Methods whose networks have more than a trunk and linear heads, in a small form. */
const NETWORKS: [string, Record<string, unknown>][] = [
  ['hard-sharing', { headHidden: [6, 4] }],
  ['film', { embedding: 3 }],
  ['task-adapters', {}],
  ['cross-stitch', { towers: 3 }],
  ['mmoe', { experts: 3 }],
  ['ple', { levels: 2, expertUnits: 6 }],
  ['learned-branching', {}],
  ['learned-branching', { branches: 3, hidden: [6, 5, 4] }],
  ['task-attention', {}],
]
const SETS: [string, TaskSet][] = [
  ['many targets', mixedTargets(['number', 'two', 'three'], 0.1)],
  ['a task column', sites('number', 5, 24)],
  ['a task column, classes', sites('three', 5, 24)],
]

describe.each(NETWORKS)('the network of %s %o', (id, params) => {
  describe.each(SETS)('on %s', (_, set) => {
    const { train, test } = split(set)

    it('is drawn whole: every layer fed, every weight in place', async () => {
      const net = (await fitted(id, params, train)).network!()
      const units = new Map(net.layers.map((layer) => [layer.id, layer.units]))
      expect(units.size).toBe(net.layers.length)
      for (const edge of net.edges) {
        expect(edge.weights.length).toBe(units.get(edge.from)! * units.get(edge.to)!)
        expect(edge.weights.every(Number.isFinite)).toBe(true)
        if (edge.bias) expect(edge.bias.length).toBe(units.get(edge.to))
      }
      for (const layer of net.layers)
        expect(net.edges.some((edge) => edge.to === layer.id)).toBe(layer.kind !== 'input')
      expect(net.layers.filter((layer) => layer.kind === 'head').length).toBe(set.tasks.length)
    })

    it('silences any unit, keeps it silent when saved, and says the same as before without any', async () => {
      const model = await fitted(id, params, train)
      const before = (await model.predict(test)).targets
      const { layers } = model.network!()
      for (const layer of layers) {
        const units = Array.from({ length: layer.units }, (_, unit) => ({ layer: layer.id, unit }))
        const cut = model.silence!(units)
        const after = (await cut.predict(test)).targets
        if (layer.task === null && (layer.kind === 'input' || layer.kind === 'trunk')) expect(after).not.toEqual(before)
        const again = method(id).load(cut.save(), runtime)
        expect((await again.predict(test)).targets).toEqual(after)
        // A head without a voice says the mean of the training cells; other tasks hear nothing of it.
        if (layer.kind === 'head' && layer.task !== null)
          set.tasks.forEach((task) => {
            const same = (row: number) => set.tasks[set.taskOf(row, task.target)].id === layer.task
            const { values, width } = after[task.target]
            test.rows.forEach((row, i) => {
              if (!same(row)) expect(values[i * width]).toBe(before[task.target].values[i * width])
            })
          })
      }
      expect((await model.silence!([]).predict(test)).targets).toEqual(before)
    })

    it('says in its exported file what it says here', async () => {
      const model = await fitted(id, params, train)
      const said = await model.predict(test)
      const encoder = fitEncoder(train)
      const raw = encoder.encode(set, test.rows)
      const width = encoder.names.length
      const { shift, factor } = encoder.scaling
      const x = Float32Array.from(raw, (v, i) => {
        const j = i % width
        return factor[j] ? v / factor[j] + shift[j] : shift[j]
      })
      const session = await InferenceSession.create(model.onnx!())
      const { predictions } = await session.run({ x: new Tensor('float32', x, [test.rows.length, width]) })
      const names = describeView(train).outputs
      const place = new Map<string, number>()
      let at = 0
      for (const column of columnsByTarget(names, true))
        for (const task of column.tasks!) place.set(task, (at += column.width) - column.width)
      expect(predictions.dims).toEqual([test.rows.length, at])
      for (const { target, width: units, values } of said.targets)
        test.rows.forEach((row, i) => {
          const from = place.get(set.tasks[set.taskOf(row, target)].id)!
          for (let k = 0; k < units; k++) {
            const there = Number(predictions.data[i * at + from + k])
            expect(Math.abs(there - values[i * units + k]) / Math.max(1, Math.abs(there))).toBeLessThan(1e-4)
          }
        })
    })
  })
})

describe('losses task by task', () => {
  it('are the mean of each task, and add up to the loss of the batch', async () => {
    const { train } = split(sites('number', 3, 24))
    const plan = {
      inputs: ['x'],
      hidden: [],
      activation: 'relu' as const,
      stacked: false,
      columns: [...columnsByTarget(describeView(train).outputs, true), ...columnsByTarget([OTHER], false)],
    }
    const [z, y, weight, owner] = ['z', 'y', 'weight', 'owner'].map((name) => input(name, ['rows', 2]))
    const { losses, shares } = taskLosses(plan, z, y, weight, owner, size('rows'))
    const program = compile({ losses, shares, all: sharedLoss(plan, z, y, weight, size('rows')) })
    const feed = (data: number[]) => ({ shape: [4, 2], data: Float32Array.from(data) })
    const out = await (
      await referenceRuntime().load(program)
    ).run({
      z: feed([1, 0, 2, 0, 3, 2, 5, 1]),
      y: feed([0, 1, 0, 0, 1, 1, 9, 0]),
      weight: feed([1, 0.5, 1, 0.5, 3, 0, 0, 1]),
      owner: feed([0, 0, 0, 0, 2, 0, -1, 0]),
    })
    const numbers = (name: string) => [...(out[name].data as Float64Array)]
    // Task 0: (1 + 4) / 2; task 1: none; task 2: 4. The pair of classes: log 2 twice at half weight, log(1 + e) at 1.
    const pair = (Math.log(2) + Math.log(1 + Math.E)) / 2
    const expected = [2.5, 0, 4, pair]
    numbers('losses').forEach((value, t) => expect(value).toBeCloseTo(expected[t], 12))
    expect(numbers('shares')).toEqual([0.5, 0, 0.75, 0.5])
    const total = numbers('losses').reduce((sum, value, t) => sum + value * numbers('shares')[t], 0)
    expect(total).toBeCloseTo(numbers('all')[0], 12)
  })
})

const OTHER = {
  task: 'sick',
  target: 'sick',
  group: null,
  kind: 'binary' as const,
  classes: ['no', 'yes'],
  width: 1,
  cells: 4,
  mean: 0,
  sd: 0,
  shares: [0.5, 0.5],
}
