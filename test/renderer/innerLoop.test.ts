import { expect, test } from 'vitest'
import { InnerMap } from '../../core/brain/innerLoop.ts'
import { planeShapes } from '../../renderer/diagrams/planeShapes.ts'
import { innerSvg } from '../../renderer/views/brain/innerSvg.ts'

/** A bowl around [0, 1]; two tasks; the start in the middle of the lower edge. */
const xs = Array.from({ length: 13 }, (_, k) => -3 + k / 2)
const ys = Array.from({ length: 9 }, (_, k) => k / 2)
const bowl = ys.map((y) => xs.map((x) => x ** 2 + (y - 1) ** 2))
const map = InnerMap.parse({
  steps: 2,
  rows: 'drawn',
  tasks: [
    { id: 'a', path: [[0, 0], [1, 1], [2, 2]], losses: [3, 2, 1], pull: 3, inPlane: 0.9 }, // prettier-ignore
    { id: 'b', path: [[0, 0], [-1, 0], [-2, 0]], losses: [3, 2, 1], pull: 2, inPlane: 1 }, // prettier-ignore
  ],
  slowed: [],
  variance: [0.7, 0.2],
  agreement: 0.4,
  directions: [
    { kind: 'exact', at: [0, 1], length: 2 },
    { kind: 'first-order', at: [0.3, 0.4], length: 1 },
    { kind: 'mean-pull', at: [0, 0], length: 0 },
  ],
  cosines: [{ a: 'exact', b: 'first-order', cosine: 0.4 }],
  map: { x: xs, y: ys, before: bowl, after: null },
})

test('places, steps and arrows lie where the plane has them, y upwards', () => {
  const { width, height, start, tasks, arrows } = planeShapes(map, 600, 'before', 2)
  expect([width, height, start]).toEqual([600, 400, { x: 300, y: 400 }])
  expect(tasks[0].end).toEqual({ x: 500, y: 200 })
  expect(tasks[1].dots.map(({ x, y }) => [x, y])).toEqual([[300, 400], [200, 400], [100, 400]]) // prettier-ignore
  expect(planeShapes(map, 600, 'before', 1).tasks[0].end).toEqual({ x: 400, y: 300 })
  // Arrows of the same reach, as much of it as lies in the plane; one of no length has no point.
  const [exact, first, none] = arrows
  expect([exact.to.x, exact.to.y]).toEqual([300, 400 - 132])
  expect([first.length, Math.hypot(first.to.x - 300, first.to.y - 400)]).toEqual([0.5, expect.closeTo(66, 6)])
  expect([none.head, exact.head.startsWith('M')]).toEqual(['', true])
})

test('bands of equal loss are nested and lie around the lowest point; a level map has none', () => {
  const { bands } = planeShapes(map, 600, 'after', 2)
  expect(bands.length).toBe(9)
  expect(bands.every(({ level }, k) => k === 0 || level > bands[k - 1].level)).toBe(true)
  // Where no map after the steps is there, that of before is drawn; what is beyond numbers is as high as it gets.
  const holed = { ...map, map: { ...map.map, before: bowl.map((row, r) => row.map((v, c) => (r + c ? v : null))) } }
  expect(planeShapes(holed, 600, 'before', 2).bands.every(({ d }) => !d.includes('NaN'))).toBe(true)
  const level = { ...map, map: { ...map.map, before: bowl.map((row) => row.map(() => 1)) } }
  expect(planeShapes(level, 600, 'before', 2).bands).toEqual([])
})

test('the exported picture stands alone and names every task and direction', () => {
  const svg = innerSvg({
    title: 'Inner loop of <MAML>',
    note: 'A note.',
    shapes: planeShapes(map, 600, 'before', 2),
    tasks: ['a', 'b & c'],
    directions: ['Exact', 'First order', 'Mean pull'],
    fontCss: '',
  })
  expect(svg).not.toMatch(/NaN|undefined|<script|url\(/)
  for (const text of ['Inner loop of &lt;MAML&gt;', '>a<', 'b &amp; c', '>Exact<', '>Mean pull<', 'A note.'])
    expect(svg).toContain(text)
})
