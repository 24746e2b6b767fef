import { balancerOf } from '../../core/balancers/balancers.ts'
import { rng } from '../../core/rng.ts'
import { directionOf, gramOf } from './jacobians.ts'

/** The two-objective toy of CAGrad (Liu et al. 2021), in plain numbers. */
export type Point = readonly [number, number]

export function objectives([x1, x2]: Point): { losses: [number, number]; jacobian: [number[], number[]] } {
  const slope = 1 - Math.tanh(x2) ** 2
  const log = (a: number, da: Point) => {
    const out = Math.abs(a) >= 5e-6
    return { value: Math.log(Math.max(Math.abs(a), 5e-6)) + 6, d: da.map((v) => (out ? v / a : 0)) }
  }
  const bowl = (centre: number) => ({
    value: ((x1 - centre) ** 2 + 0.1 * (x2 + 8) ** 2) / 10 - 20,
    d: [(x1 - centre) / 5, 0.02 * (x2 + 8)],
  })
  const f1 = log(0.5 * (-x1 - 7) + Math.tanh(x2), [-0.5, slope])
  const f2 = log(0.5 * (-x1 + 3) - Math.tanh(x2) + 2, [-0.5, -slope])
  const half = Math.tanh(0.5 * x2)
  const turn = 0.5 * (1 - half ** 2)
  const c1 = { value: Math.max(half, 0), d: half >= 0 ? turn : 0 }
  const c2 = { value: Math.max(-half, 0), d: half <= 0 ? -turn : 0 }
  const joined = (f: ReturnType<typeof log>, q: ReturnType<typeof bowl>) => ({
    value: f.value * c1.value + q.value * c2.value,
    d: [f.d[0] * c1.value + q.d[0] * c2.value, f.d[1] * c1.value + f.value * c1.d + q.d[1] * c2.value + q.value * c2.d],
  })
  const [one, two] = [joined(f1, bowl(7)), joined(f2, bowl(-7))]
  return { losses: [one.value, two.value], jacobian: [one.d, two.d] }
}

/** Two tasks have but one order; drawing it 100,000 times from a hash would take longer than the rest. */
const ORDER = { ...rng(1), split: () => ORDER, permutation: () => Int32Array.of(0, 1) } as ReturnType<typeof rng>

/** The authors' scaling: the mean of PCGrad's two gradients, CAGrad divided by 1 + c. */
const RULES = {
  mean: { b: balancerOf('equal'), params: {}, scale: 1 / 2 },
  PCGrad: { b: balancerOf('pcgrad'), params: {}, scale: 1 / 2 },
  MGDA: { b: balancerOf('mgda'), params: {}, scale: 1 },
  CAGrad: { b: balancerOf('cagrad'), params: { conflictAversion: 0.5 }, scale: 1 / 1.5 },
}
export type Rule = keyof typeof RULES

export function direction(rule: Rule, at: Point): Float64Array {
  const { b, params, scale } = RULES[rule]
  const { losses, jacobian } = objectives(at)
  const given = { losses: Float64Array.from(losses), gram: gramOf(jacobian), epoch: 0 }
  const { weights } = b.update({}, given, params, ORDER)
  return directionOf(jacobian, weights).map((v) => v * scale)
}
