import { describe, expect, it } from 'vitest'
import { rankWeights, strongestWeights } from '../../core/brain/diagram.ts'
import { compact, drawn, layout } from '../../core/brain/layout.ts'
import { drops, rankUnits } from '../../core/brain/lesion.ts'
import type { NetworkView } from '../../core/method.ts'
import { rng } from '../../core/rng.ts'

/** Two inputs, three trunk units, a head of one unit for each of two tasks. */
const small: NetworkView = {
  layers: [
    { id: 'in', kind: 'input', units: 2, names: ['a', 'b'], activation: 'none', task: null },
    { id: 'trunk', kind: 'trunk', units: 3, names: null, activation: 'relu', task: null },
    { id: 'head:Y1', kind: 'head', units: 1, names: ['Y1'], activation: 'none', task: 'Y1' },
    { id: 'head:Y2', kind: 'head', units: 1, names: ['Y2'], activation: 'none', task: 'Y2' },
  ],
  edges: [
    { from: 'in', to: 'trunk', weights: Float32Array.of(1, -5, 0, 2, 3, -1), bias: null },
    { from: 'trunk', to: 'head:Y1', weights: Float32Array.of(0.5, 4, 0), bias: null },
    { from: 'trunk', to: 'head:Y2', weights: Float32Array.of(-5, 0, 0.25), bias: null },
  ],
}

function large(): NetworkView {
  const random = rng('large')
  const draw = (n: number) => Float32Array.from({ length: n }, () => random.normal())
  const heads = Array.from({ length: 139 }, (_, t) => `head:${t}`)
  return {
    layers: [
      { id: 'in', kind: 'input', units: 100, names: null, activation: 'none', task: null },
      { id: 't1', kind: 'trunk', units: 400, names: null, activation: 'relu', task: null },
      { id: 't2', kind: 'trunk', units: 60, names: null, activation: 'relu', task: null },
      ...heads.map((id) => ({ id, kind: 'head' as const, units: 1, names: [id], activation: 'none', task: id })),
    ],
    edges: [
      { from: 'in', to: 't1', weights: draw(40_000), bias: null },
      { from: 't1', to: 't2', weights: draw(24_000), bias: null },
      ...heads.map((id) => ({ from: 't2', to: id, weights: draw(60), bias: null })),
      { from: 't1', to: 'head:0', weights: draw(400), bias: null },
    ],
  }
}

describe('the strongest weights', () => {
  it('come column by column in turn, each task before the second of any, strongest first, zeros never', () => {
    const ranked = rankWeights(small)
    expect(ranked.total).toBe(9)
    const rows = strongestWeights(small, ranked, 100).map((w) => [w.fromLayer, w.from, w.toLayer, w.to, w.weight])
    expect(rows).toEqual([
      ['in', 0, 'trunk', 1, -5],
      ['trunk', 0, 'head:Y2', 0, -5],
      ['trunk', 1, 'head:Y1', 0, 4],
      ['in', 1, 'trunk', 1, 3],
      ['trunk', 0, 'head:Y1', 0, 0.5],
      ['in', 1, 'trunk', 0, 2],
      ['trunk', 2, 'head:Y2', 0, 0.25],
      ['in', 0, 'trunk', 0, 1],
      ['in', 1, 'trunk', 2, -1],
    ])
    expect([...ranked.share].slice(0, 4)).toEqual([1, 1, 0.8, 0.6].map((share) => expect.closeTo(share, 6)))
    expect(strongestWeights(small, ranked, 2).length).toBe(2)
  })

  it('agree with a plain sort of 72,000 weights, edge by edge, and show every head among the first', () => {
    const network = large()
    const ranked = rankWeights(network)
    network.edges.forEach(({ weights }, e) => {
      const own = ranked.index.filter((_, rank) => ranked.edge[rank] === e)
      expect([...own].map((i) => Math.abs(weights[i]))).toEqual([...weights].map(Math.abs).sort((a, b) => b - a))
    })
    // Three columns in turn: 139 heads and one more edge into the first are all drawn after 3 * 140 weights.
    expect(new Set(ranked.edge.subarray(0, 420)).size).toBe(network.edges.length)
  })

  it('survive weights that are not finite', () => {
    const broken = { ...small, edges: [{ ...small.edges[0], weights: Float32Array.of(NaN, 1, Infinity, 2, 0, 0) }] }
    expect(strongestWeights(broken, rankWeights(broken), 2).map((w) => w.weight)).toEqual([2, 1])
  })
})

describe('layout', () => {
  it('puts inputs, trunk and heads in columns, units in order', () => {
    const own = layout(small, { width: 100, height: 60, margin: [10, 10] })
    expect(own.columns.map(({ x, units }) => [x, units])).toEqual([
      [10, 2],
      [50, 3],
      [90, 2],
    ])
    expect(own.units.filter((u) => u.layer === 'in').map((u) => [u.name, u.y])).toEqual([
      ['a', 15],
      ['b', 45],
    ])
    expect(own.units.filter((u) => u.kind === 'head').map((u) => [u.task, u.y])).toEqual([
      ['Y1', 15],
      ['Y2', 45],
    ])
  })

  it('draws exactly the weights that the table lists', () => {
    const own = layout(small, { width: 100, height: 60 })
    const rows = strongestWeights(small, rankWeights(small), 5)
    const lines = drawn(own, rows)
    expect(lines.map(({ weight, from, to }) => [weight, from, to])).toEqual(rows.map((w) => [w.weight, w.from, w.to]))
    expect(lines[0]).toMatchObject({ x1: 0, y1: 15, x2: 50, y2: 30 })
  })

  it('keeps columns of a large network short enough for paper', () => {
    const { layout: own, weights } = compact(large(), { width: 700, height: 400, perColumn: 40, most: 24 })
    expect(weights.length).toBeGreaterThan(5)
    // Every column is fed: large weights elsewhere do not crowd it out.
    expect(new Set(weights.map((w) => (w.toLayer.startsWith('head') ? 'head' : w.toLayer)))).toEqual(
      new Set(['t1', 't2', 'head']),
    )
    expect(Math.max(...weights.filter((w) => w.toLayer === 't2').map((w) => w.share))).toBe(1)
    for (const column of own.columns) expect(column.shown).toBeLessThanOrEqual(24)
    expect(own.columns.map((column) => column.units)).toEqual([100, 400, 60, 139])
  })

  it('ranks and places 100,000 weights within a frame', () => {
    const network: NetworkView = {
      layers: [
        { id: 'in', kind: 'input', units: 200, names: null, activation: 'none', task: null },
        { id: 'out', kind: 'head', units: 500, names: null, activation: 'none', task: 'y' },
      ],
      edges: [
        { from: 'in', to: 'out', weights: Float32Array.from({ length: 100_000 }, (_, i) => Math.sin(i)), bias: null },
      ],
    }
    const ranked = rankWeights(network)
    const own = layout(network, { width: 900, height: 600 })
    const times = Array.from({ length: 20 }, (_, i) => {
      const start = performance.now()
      drawn(own, strongestWeights(network, ranked, 200 + 40 * i))
      return performance.now() - start
    })
    // What a move of the slider costs; loose enough for a busy machine.
    expect(times.sort((a, b) => a - b)[10]).toBeLessThan(8)
  })
})

describe('lesions', () => {
  const figures = [
    { task: 'A', before: 2, after: 3 },
    { task: 'B', before: 1, after: 0.9 },
    { task: 'C', before: null, after: 1 },
  ]
  it('order tasks by relative drop, signed by what is better', () => {
    expect(drops(figures, 'lower').map((d) => [d.task, d.drop, d.share])).toEqual([
      ['A', 1, 0.5],
      ['B', expect.closeTo(-0.1, 12), expect.closeTo(-0.1, 12)],
      ['C', null, null],
    ])
    expect(drops(figures, 'higher')[0].task).toBe('B')
  })
  it('rank units by the mean drop', () => {
    const ranked = rankUnits(
      [
        { layer: 't', unit: 0, figures: [{ task: 'A', before: 1, after: 1 }] },
        { layer: 't', unit: 1, figures },
        { layer: 't', unit: 2, figures: [{ task: 'C', before: null, after: null }] },
      ],
      'lower',
    )
    expect(ranked.map(({ unit, mean }) => [unit, mean])).toEqual([
      [1, expect.closeTo(0.2, 12)],
      [0, 0],
      [2, null],
    ])
    expect(ranked[0].worst?.task).toBe('A')
  })
})
