import {
  add,
  constant,
  div,
  matmul,
  mean,
  mul,
  reshape,
  sqrt,
  square,
  stopGradient,
  sub,
  sum,
  transpose,
} from '../../engine/index.ts'
import type { Expr } from '../../engine/index.ts'
import type { Architecture } from '../blocks.ts'
import { elementsOf } from '../plan.ts'
import type { Plan } from '../plan.ts'
import { perceptron } from './perceptron.ts'

/**
 * A whole network per task, tied to the others by a penalty on their hidden layers W_t:
 *   l2          strength / 2 sum_t |W_t - mean W|^2                        (Duong et al. 2015)
 *   trace-norm  strength / 2 tr(M' D M),  D = (M M' + e I)^(-1/2)          (Yang and Hospedales 2017)
 * M holds one row per task. D is taken as fixed in the gradient, so that this is D M, the gradient of the smoothed sum
 * of singular values (as in iteratively reweighted least squares, Mohan and Fazel 2012). All towers start alike.
 */
export function tiedTowers(
  plan: Plan,
  { tie, strength }: { tie: 'l2' | 'trace-norm'; strength: number },
): Architecture {
  const base = perceptron(plan)
  const { blocks, nets } = base
  return {
    ...base,
    initialise(random) {
      const theta = base.initialise(random)
      let at = 0
      for (const { shape } of blocks) {
        const each = elementsOf(shape) / nets
        for (let g = 1; g < nets; g++) theta.copyWithin(at + g * each, at, at + each)
        at += each * nets
      }
      return theta
    },
    penalty(pieces) {
      const tied = pieces.slice(0, -2).filter((_, k) => tie === 'l2' || !blocks[k].bias)
      const parts = tied.map((piece) => (tie === 'l2' ? spread(piece) : traceNorm(piece)))
      return parts.length ? mul(strength / 2, parts.reduce(add)) : constant(0)
    },
  }
}

const spread = (w: Expr): Expr => sum(square(sub(w, mean(w, [0], true))))

/** w [task, in, out] */
function traceNorm(w: Expr): Expr {
  const n = w.shape[0] as number
  const m = reshape(w, [n, elementsOf(w.shape.slice(1) as number[])])
  return sum(mul(m, matmul(stopGradient(inverseRoot(matmul(m, transpose(m)), n)), m)))
}

/** Of a positive matrix, by the coupled Newton-Schulz iteration (Higham 2008, 6.35), after a ridge of 1e-3 of its mean. */
const ITERATIONS = 18
const RIDGE = 1e-3

function inverseRoot(a: Expr, n: number): Expr {
  const eye = constant(
    Float64Array.from({ length: n * n }, (_, i) => Number(i % (n + 1) === 0)),
    [n, n],
  )
  const trace = add(sum(mul(a, eye)), 1e-12)
  let y: Expr = add(div(a, trace), mul(RIDGE / n, eye))
  let z: Expr = eye
  for (let k = 0; k < ITERATIONS; k++) {
    const t = sub(mul(1.5, eye), mul(0.5, matmul(z, y)))
    y = matmul(y, t)
    z = matmul(t, z)
  }
  return div(z, sqrt(trace))
}
