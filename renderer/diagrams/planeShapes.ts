import { contours } from 'd3-contour'
import type { InnerMap } from '../../core/brain/innerLoop.ts'

/**
 * The plane of an inner loop in pixels: bands of equal loss, the way of every task, and the directions of the start. The
 * screen and the exported picture draw the same shapes.
 */
export type PlaneShapes = {
  width: number
  height: number
  /** From low to high loss; each covers what is higher than it. */
  bands: { d: string; level: number }[]
  start: Spot
  tasks: { d: string; dots: Spot[]; end: Spot }[]
  /** `length`: share of the direction that lies in the plane. */
  arrows: { kind: InnerMap['directions'][number]['kind']; from: Spot; to: Spot; head: string; length: number }[]
}
type Spot = { x: number; y: number }

/** Height over width of the map. */
export const ASPECT = 2 / 3
const BANDS = 9
const HEAD = 9

export function planeShapes(
  { tasks, directions, map }: InnerMap,
  width: number,
  which: 'before' | 'after',
  step: number,
): PlaneShapes {
  const height = width * ASPECT
  const [left, right] = [map.x[0], map.x[map.x.length - 1]]
  const [low, high] = [map.y[0], map.y[map.y.length - 1]]
  const at = ([x, y]: readonly [number, number]): Spot => ({
    x: ((x - left) / (right - left)) * width,
    y: (1 - (y - low) / (high - low)) * height,
  })
  const start = at([0, 0])
  const reach = width * 0.22
  return {
    width,
    height,
    bands: bandsOf((which === 'after' ? map.after : null) ?? map.before, width, height),
    start,
    tasks: tasks.map(({ path }) => {
      const dots = path.slice(0, step + 1).map(at)
      return { d: line(dots), dots, end: dots[dots.length - 1] }
    }),
    arrows: directions.map(({ kind, at: [x, y] }) => {
      const length = Math.hypot(x, y)
      const to = { x: start.x + reach * x, y: start.y - reach * y }
      return { kind, from: start, to, head: headOf(start, to), length }
    }),
  }
}

/** Levels that each band holds about as many points as the next: a map may be steep at its rim. */
function bandsOf(grid: readonly (readonly (number | null)[])[], width: number, height: number) {
  const known = grid.flat().filter((value) => value !== null)
  const sorted = [...known].sort((a, b) => a - b)
  if (!sorted.length || sorted[0] === sorted[sorted.length - 1]) return []
  const levels = [
    ...new Set(Array.from({ length: BANDS }, (_, k) => sorted[Math.floor(((k + 1) / (BANDS + 1)) * sorted.length)])),
  ]
  const [rows, columns] = [grid.length, grid[0].length]
  // Where the loss is beyond all numbers it is as high as it gets.
  const values = grid.flatMap((row) => row.map((value) => value ?? sorted[sorted.length - 1]))
  const at = ([x, y]: number[]): Spot => ({
    x: (Math.min(Math.max(x - 0.5, 0), columns - 1) / (columns - 1)) * width,
    y: (1 - Math.min(Math.max(y - 0.5, 0), rows - 1) / (rows - 1)) * height,
  })
  return contours()
    .size([columns, rows])
    .thresholds(levels)(values)
    .map(({ coordinates, value }) => ({
      level: value,
      d: coordinates
        .flat()
        .map((ring) => `${line(ring.map(at))}Z`)
        .join(''),
    }))
}

const n = (value: number) => Number(value.toFixed(1))
const line = (spots: readonly Spot[]) => `M${spots.map(({ x, y }) => `${n(x)} ${n(y)}`).join('L')}`

/** The point of an arrow; none where it has no length. */
function headOf(from: Spot, to: Spot): string {
  const length = Math.hypot(to.x - from.x, to.y - from.y)
  if (length < 1) return ''
  const [ux, uy] = [(to.x - from.x) / length, (to.y - from.y) / length]
  const side = (sign: number) => ({
    x: to.x - HEAD * (ux - 0.45 * sign * -uy),
    y: to.y - HEAD * (uy - 0.45 * sign * ux),
  })
  return `${line([side(1), { x: to.x + ux, y: to.y + uy }, side(-1)])}Z`
}
