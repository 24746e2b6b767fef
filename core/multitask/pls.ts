import { Matrix, solve } from 'ml-matrix'
import { z } from 'zod'
import { dot } from '../dot.ts'
import type { Frame } from '../frame.ts'
import type { Linear } from '../classical/linear.ts'
import { linearMethod } from '../classical/linearMethod.ts'
import { search } from '../search.ts'

/**
 * Partial least squares (Wold, Sjostrom and Eriksson 2001; PLS2 by NIPALS): a few directions of the inputs that vary
 * most along with all targets together. Per component, until w stands still, over standardised X and Y:
 *   w = X'u / |X'u|,   t = X w,   q_k = y_k't / t't,   u = Y q / q'q
 * then X and Y are left without what t explains (p = X't / t't). The coefficients are W (P'W)^-1 Q'. A target not
 * measured in a row is left out of that row's and that target's sums, which is NIPALS's own way with holes; where every
 * cell is measured the result is scikit-learn's PLSRegression. Sample weights are not used.
 */
const Params = z.strictObject({
  components: z
    .int()
    .min(1)
    .max(1000)
    .default(2)
    .describe('How many directions of the inputs are used at most.')
    .meta(search({ log: [1, 20] })),
})
type Params = z.infer<typeof Params>

export const pls = linearMethod<Params>({
  id: 'pls',
  family: 'multitask',
  name: 'Partial least squares',
  about: 'Finds the few directions of the inputs that matter to all number targets, and learns from those alone.',
  cite: 'Wold, Sjostrom and Eriksson 2001, PLS-regression: a basic tool of chemometrics',
  params: Params,
  twins: ['ridge'],
  ignoresWeights: true,
  can: { taskColumn: false },
  work: (s, { components }) => 250 * Math.min(components, s.features) * s.rows * (s.features + s.targets) + 1,
  fit: (frame, { components }) => fitPls(frame, components),
})

function fitPls(frame: Frame, components: number): Linear {
  const { encoder, outputs, cells, view } = frame
  const width = encoder.names.length
  const rows = view.rows.length
  const { x, centre, spread } = standardised(frame)
  const y = cells.map((own, k) => own.y.map((v) => (outputs[k].sd ? (v - outputs[k].mean) / outputs[k].sd : 0)))
  const found: { w: Float64Array; p: Float64Array; q: Float64Array }[] = []
  for (let c = 0; c < Math.min(components, width); c++) {
    const direction = nextDirection(x, width, frame, y)
    if (!direction) break
    const { w, t, q } = direction
    const size = dot(t, t)
    const p = new Float64Array(width)
    for (let i = 0; i < rows; i++) for (let j = 0; j < width; j++) p[j] += (x[i * width + j] * t[i]) / size
    for (let i = 0; i < rows; i++) for (let j = 0; j < width; j++) x[i * width + j] -= t[i] * p[j]
    cells.forEach(({ at }, k) => at.forEach((row, i) => (y[k][i] -= t[row] * q[k])))
    found.push({ w, p, q })
  }
  const slopes = rotated(found, width, outputs.length)
  const coefficients = outputs.map(({ mean, sd }, k) => {
    const own = Float64Array.from(spread, (s, j) => (s ? (sd * slopes[j * outputs.length + k]) / s : 0))
    return Float64Array.of(...own, mean - dot(own, centre))
  })
  return {
    encoder,
    outputs,
    coefficients,
    fresh: null,
    parameters: found.length * (width + outputs.length) + outputs.length,
  }
}

/** One more direction, or null where nothing is left to explain. t [row], q [output] */
function nextDirection(x: Float64Array, width: number, { cells, view }: Frame, y: Float64Array[]) {
  const rows = view.rows.length
  const first = y.findIndex((own) => own.some((v) => Math.abs(v) > 1e-10))
  if (first < 0) return null
  const u = new Float64Array(rows)
  cells[first].at.forEach((row, i) => (u[row] = y[first][i]))
  let w = new Float64Array(width)
  for (let round = 0; round < 500; round++) {
    const next = new Float64Array(width)
    for (let i = 0; i < rows; i++) if (u[i] !== 0) for (let j = 0; j < width; j++) next[j] += u[i] * x[i * width + j]
    const length = Math.sqrt(dot(next, next))
    if (!(length > 1e-10)) return null
    for (let j = 0; j < width; j++) next[j] /= length
    const moved = next.reduce((most, v, j) => Math.max(most, Math.abs(v - w[j])), 0)
    w = next
    const t = new Float64Array(rows)
    for (let i = 0; i < rows; i++) for (let j = 0; j < width; j++) t[i] += x[i * width + j] * w[j]
    const q = Float64Array.from(cells, ({ at }, k) => {
      let along = 0
      let size = 0
      at.forEach((row, i) => {
        along += y[k][i] * t[row]
        size += t[row] ** 2
      })
      return size > 0 ? along / size : 0
    })
    if (moved < 1e-12 || round === 499) return { w, t, q }
    const size = new Float64Array(rows)
    u.fill(0)
    cells.forEach(({ at }, k) =>
      at.forEach((row, i) => {
        u[row] += y[k][i] * q[k]
        size[row] += q[k] ** 2
      }),
    )
    for (let i = 0; i < rows; i++) if (size[i] > 0) u[i] /= size[i]
  }
  return null
}

/** W (P'W)^-1 Q' [input, output] */
function rotated(found: { w: Float64Array; p: Float64Array; q: Float64Array }[], width: number, outputs: number) {
  if (!found.length) return new Float64Array(width * outputs)
  const w = new Matrix(found.map((own) => [...own.w])).transpose()
  const p = new Matrix(found.map((own) => [...own.p]))
  const q = new Matrix(found.map((own) => [...own.q]))
  return Float64Array.from(w.mmul(solve(p.mmul(w), q)).to1DArray())
}

/** Inputs on a common scale, 0/1 ones too: what is encoded, less its mean, by its spread. */
function standardised({ x: encoded, encoder, view }: Frame) {
  const width = encoder.names.length
  const rows = view.rows.length
  const x = encoded.slice()
  const centre = new Float64Array(width)
  const spread = new Float64Array(width)
  for (let i = 0; i < x.length; i++) centre[i % width] += x[i] / rows
  for (let i = 0; i < x.length; i++) spread[i % width] += (x[i] -= centre[i % width]) ** 2 / rows
  // Rounding can leave a constant input a tiny spread, which would blow it up.
  for (let j = 0; j < width; j++) spread[j] = spread[j] > 1e-20 ? Math.sqrt(spread[j]) : 0
  for (let i = 0; i < x.length; i++) x[i] = spread[i % width] ? x[i] / spread[i % width] : 0
  return { x, centre, spread }
}
