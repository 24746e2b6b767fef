import { describe, expect, it } from 'vitest'
import { fitEncoder } from '../../core/data/encoding.ts'
import type { View } from '../../core/data/taskSet.ts'
import { UserError } from '../../core/errors.ts'
import { describeView } from '../../core/frame.ts'
import type { Model, NetworkView } from '../../core/method.ts'
import { method, paramsOf } from '../../core/methods.ts'
import { rng } from '../../core/rng.ts'
import { openRuntime } from '../../electron/lab/runtimes/index.ts'
import { mixedTargets, split } from './toys.ts'

const set = mixedTargets(['number', 'two', 'three'], 0.1)
const { train, test } = split(set)

async function fitted(id: string): Promise<Model> {
  const { runtime } = await openRuntime('auto')
  const m = method(id)
  const context = { train, inner: null, rng: rng(1), runtime, resume: null, episodes: null }
  const going = m.fit(context, paramsOf(m, { epochs: 10, hidden: [7, 5] }))
  for (let next = await going.next(); ; next = await going.next()) if (next.done) return next.value
}

/** The score of one task's head for one row, computed from the drawn network alone. */
function walk(net: NetworkView, task: string, x: Float64Array): Float64Array {
  const values = new Map<string, Float64Array>([['input', x]])
  for (const layer of net.layers.slice(1)) {
    if (layer.task !== null && layer.task !== task) continue
    const edge = net.edges.find((e) => e.to === layer.id)!
    const from = values.get(edge.from)!
    const out = Float64Array.from({ length: layer.units }, (_, u) => {
      let sum = edge.bias![u]
      for (let i = 0; i < from.length; i++) sum += from[i] * edge.weights[i * layer.units + u]
      return layer.activation === 'relu' ? Math.max(0, sum) : sum
    })
    values.set(layer.id, out)
    if (layer.kind === 'head') return out
  }
  throw new Error(`no head for ${task}`)
}

async function expectWalk(net: NetworkView, model: Model, view: View, x: Float64Array, width: number) {
  const said = await model.predict(view)
  const scale = new Map(describeView(train).outputs.map((output) => [output.task, output]))
  for (const task of set.tasks) {
    const { values, width: units } = said.targets[task.target]
    for (let i = 0; i < view.rows.length; i += 5) {
      const z = walk(net, task.id, x.subarray(i * width, (i + 1) * width))
      const total = z.reduce((sum, v) => sum + Math.exp(v), 0)
      for (let k = 0; k < units; k++) {
        const { mean, sd } = scale.get(task.id)!
        const expected =
          task.kind === 'regression'
            ? z[0] * sd + mean
            : task.kind === 'binary'
              ? 1 / (1 + Math.exp(-z[0]))
              : Math.exp(z[k]) / total
        expect(Math.abs(values[i * units + k] - expected) / Math.max(1, Math.abs(expected))).toBeLessThan(1e-5)
      }
    }
  }
}

describe.each(['hard-sharing', 'single-task-mlp'])('the drawn network of %s', (id) => {
  it('computes what the model predicts, whole and with units silenced', async () => {
    const model = await fitted(id)
    const net = model.network!()
    const encoder = fitEncoder(train)
    const x = encoder.encode(set, test.rows)
    const width = encoder.names.length
    expect(net.layers[0]).toMatchObject({ id: 'input', units: width, names: encoder.names })
    expect(net.layers.filter((layer) => layer.kind === 'head').map((layer) => layer.task)).toEqual(
      set.tasks.map((task) => task.id),
    )
    await expectWalk(net, model, test, x, width)

    const hidden = net.layers.find((layer) => layer.kind !== 'input' && layer.kind !== 'head')!
    const lesioned = model.silence!([
      { layer: hidden.id, unit: 3 },
      { layer: 'input', unit: 1 },
    ])
    // By hand: what leaves a silenced unit is zero, and so is a silenced input.
    const cut: NetworkView = {
      layers: net.layers,
      edges: net.edges.map((edge) => {
        const units = edge.weights.length / net.layers.find((layer) => layer.id === edge.from)!.units
        const weights = edge.weights.slice()
        if (edge.from === hidden.id) weights.fill(0, 3 * units, 4 * units)
        if (edge.from === 'input') weights.fill(0, units, 2 * units)
        return { ...edge, weights }
      }),
    }
    await expectWalk(cut, lesioned, test, x, width)
    const before = (await model.predict(test)).targets[0].values
    expect((await lesioned.predict(test)).targets[0].values).not.toEqual(before)
    expect(() => model.silence!([{ layer: 'nowhere', unit: 0 }])).toThrow(UserError)
  })
})
