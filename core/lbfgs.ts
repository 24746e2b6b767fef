import { dot } from './dot.ts'

/**
 * Limited-memory BFGS (Liu and Nocedal 1989) with backtracking to the Armijo condition and curvature checks: minimises
 * a smooth function of a few hundred numbers in double precision. Ends where every component of the gradient is below
 * `tolerance`, where no step improves any more, or after `most` steps.
 *
 * @param value  writes the gradient at x into `gradient` and returns the value
 */
export function minimise(value: Value, start: Float64Array, options: Options = {}): Float64Array {
  const steps = minimising(value, start, options)
  for (;;) {
    const next = steps.next()
    if (next.done) return next.value
  }
}

type Value = (x: Float64Array, gradient: Float64Array) => number
type Options = { tolerance?: number; most?: number; memory?: number }

/** The same, step by step: yields after each. */
export function* minimising(
  value: Value,
  start: Float64Array,
  { tolerance = 1e-8, most = 1000, memory = 10 }: Options = {},
): Generator<void, Float64Array> {
  const n = start.length
  let x: Float64Array = start.slice()
  let g: Float64Array = new Float64Array(n)
  let f = value(x, g)
  const pairs: { s: Float64Array; y: Float64Array; rho: number }[] = []
  for (let step = 0; step < most && largest(g) > tolerance; step++) {
    let d = direction(g, pairs)
    let slope = dot(d, g)
    if (slope >= 0) {
      pairs.length = 0
      d = g.map((v) => -v)
      slope = dot(d, g)
    }
    const next = search(value, x, f, d, slope, pairs.length ? 1 : Math.min(1, 1 / Math.sqrt(-slope)))
    if (!next) {
      if (!pairs.length) break
      pairs.length = 0
      continue
    }
    const s = next.x.map((v, i) => v - x[i])
    const y = next.g.map((v, i) => v - g[i])
    const curvature = dot(s, y)
    if (curvature > 1e-12 * dot(y, y)) pairs.push({ s, y, rho: 1 / curvature })
    if (pairs.length > memory) pairs.shift()
    ;({ x, f, g } = next)
    yield
  }
  return x
}

/** -H g by the two-loop recursion. */
function direction(g: Float64Array, pairs: { s: Float64Array; y: Float64Array; rho: number }[]): Float64Array {
  const d = g.map((v) => -v)
  const alphas: number[] = []
  for (let k = pairs.length - 1; k >= 0; k--) {
    const { s, y, rho } = pairs[k]
    alphas[k] = rho * dot(s, d)
    for (let i = 0; i < d.length; i++) d[i] -= alphas[k] * y[i]
  }
  const last = pairs.at(-1)
  if (last) {
    const scale = dot(last.s, last.y) / dot(last.y, last.y)
    for (let i = 0; i < d.length; i++) d[i] *= scale
  }
  pairs.forEach(({ s, y, rho }, k) => {
    const beta = rho * dot(y, d)
    for (let i = 0; i < d.length; i++) d[i] += s[i] * (alphas[k] - beta)
  })
  return d
}

function search(
  value: (x: Float64Array, gradient: Float64Array) => number,
  x: Float64Array,
  f: number,
  d: Float64Array,
  slope: number,
  first: number,
) {
  for (let t = first, tries = 0; tries < 50; t /= 2, tries++) {
    const to = x.map((v, i) => v + t * d[i])
    const g = new Float64Array(x.length)
    const next = value(to, g)
    if (next <= f + 1e-4 * t * slope && next < f) return { x: to, f: next, g }
  }
  return null
}

const largest = (g: Float64Array): number => g.reduce((most, v) => Math.max(most, Math.abs(v)), 0)
