import { describe, expect, test } from 'vitest'
import { rankWeights } from '../../core/brain/diagram.ts'
import { layout } from '../../core/brain/layout.ts'
import type { NetworkView } from '../../core/method.ts'
import {
  countAt,
  drawable,
  drawnRanks,
  heightAt,
  positionOf,
  unitNear,
  weightNear,
} from '../../renderer/diagrams/weights.ts'
import { diagramSvg } from '../../renderer/views/brain/diagramSvg.ts'
import { layerName, unitName } from '../../renderer/views/brain/names.ts'

const network: NetworkView = {
  layers: [
    { id: 'input', kind: 'input', units: 2, names: ['dose', 'age'], activation: 'none', task: null },
    { id: 'trunk1', kind: 'trunk', units: 3, names: null, activation: 'tanh', task: null },
    { id: 'head:a', kind: 'head', units: 1, names: ['y'], activation: 'none', task: 'a' },
    { id: 'head:b', kind: 'head', units: 2, names: ['no', 'yes'], activation: 'softmax', task: 'b' },
  ],
  edges: [
    { from: 'input', to: 'trunk1', weights: Float32Array.of(0.5, -2, 0, 1, 0.25, -0.75), bias: null },
    { from: 'trunk1', to: 'head:a', weights: Float32Array.of(3, 0, -0.1), bias: null },
    { from: 'trunk1', to: 'head:b', weights: Float32Array.of(0.2, 0.3, -0.4, 0.6, 0, 0.7), bias: null },
  ],
}
const place = layout(network, { width: 600, height: 300 })
const own = drawable(network, rankWeights(network), place)
const name = (unit: number) => unitName(network, place.units[unit].layer, place.units[unit].unit)
const rows = (count: number, silenced = new Uint8Array(place.units.length)) =>
  [...drawnRanks(own, count, silenced)].map((rank) => [name(own.from[rank]), name(own.to[rank]), own.weight[rank]])

describe('the weights that are drawn', () => {
  test('are the strongest of every layer in turn, with both ends and their sign; zeros are no connections', () => {
    expect(own.total).toBe(12)
    expect(rows(4)).toEqual([
      ['Trunk 1, unit 1', 'a', 3],
      ['dose', 'Trunk 1, unit 2', -2],
      // The strongest of the other task comes before the second of the first one.
      ['Trunk 1, unit 3', 'b, yes', Math.fround(0.7)],
      ['age', 'Trunk 1, unit 1', 1],
    ])
    expect([...own.share.subarray(0, 4)]).toEqual([1, 1, 0.7 / 3, 0.5].map((share) => expect.closeTo(share, 6)))
    expect(rows(99)).toHaveLength(12)
  })

  test('the table twin leaves out what is silenced, as the drawing does', () => {
    const silenced = new Uint8Array(place.units.length)
    silenced[place.at('trunk1', 0) as number] = 1
    expect(rows(4, silenced)).toEqual([
      ['dose', 'Trunk 1, unit 2', -2],
      ['Trunk 1, unit 3', 'b, yes', Math.fround(0.7)],
    ])
  })

  test('the slider goes from one weight to all and back', () => {
    expect([countAt(0, 100_000), countAt(1, 100_000)]).toEqual([1, 100_000])
    expect(countAt(positionOf(400, 100_000), 100_000)).toBe(400)
  })
})

describe('pointing', () => {
  test('finds the unit, else the strongest weight whose curve passes there', () => {
    const unit = place.at('trunk1', 1) as number
    expect(unitNear(place, place.units[unit].x + 4, place.units[unit].y - 4)).toBe(unit)
    expect(unitNear(place, 150, 5)).toBe(-1)
    const [a, b] = [place.units[own.from[1]], place.units[own.to[1]]]
    const x = a.x + 0.3 * (b.x - a.x)
    expect(weightNear(own, place, 12, x, heightAt(x, a.x, a.y, b.x, b.y))).toBe(1)
    expect(weightNear(own, place, 1, x, heightAt(x, a.x, a.y, b.x, b.y))).toBe(-1)
  })
})

test('units have names: their own, their task, or layer and place', () => {
  expect(network.layers.map((layer) => layerName(network, layer))).toEqual(['Inputs', 'Trunk 1', 'Tasks', 'Tasks'])
  expect([unitName(network, 'input', 1), unitName(network, 'head:a', 0), unitName(network, 'head:b', 1)]).toEqual(['age', 'a', 'b, yes']) // prettier-ignore
})

test('the exported diagram has exactly the drawn weights, and says so', () => {
  const ranks = drawnRanks(own, 5, new Uint8Array(place.units.length))
  const svg = diagramSvg({ title: 'A & B', note: '5 of 12', layout: place, weights: own, ranks, taskIndex: (t) => ['a', 'b'].indexOf(t), fontCss: '' }) // prettier-ignore
  expect(svg.match(/<path d="M[^"]*C/g)).toHaveLength(5)
  expect(svg.match(/stroke-dasharray/g)).toHaveLength(ranks.filter((rank) => own.weight[rank] < 0).length)
  expect(svg).toContain('A &amp; B')
  expect(svg).toContain('5 of 12')
  expect(svg).not.toMatch(/NaN|undefined/)
})
