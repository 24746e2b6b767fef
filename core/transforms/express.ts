import { add, concat, constant, exp, maximum, minimum, mul, pow, reshape, slice, sub, sum } from '../engine/index.ts'
import type { Expr } from '../engine/index.ts'
import type { Finish } from '../method.ts'
import { leastBase, type FittedScale } from './scale.ts'

/** The way back as a part of an exported model: its predictions are in the target's own unit. */
export function inOwnScale(scales: readonly FittedScale[]): Finish {
  return (predictions, units) => {
    const parts: Expr[] = []
    let from = 0
    for (let k = 0; k < units.length;) {
      // Neighbours of one target go back together.
      const { target } = units[k]
      const start = from
      for (; k < units.length && units[k].target === target; k++) from += units[k].width
      const own = slice(predictions, 1, start, from)
      const fitted = scales.find((scale) => scale.target === target)
      parts.push(fitted ? back(fitted, own) : own)
    }
    return parts.length === 1 ? parts[0] : concat(parts, 1)
  }
}

function back(fitted: FittedScale, z: Expr): Expr {
  if (fitted.scale === 'rank') return alongKnots(fitted, z)
  const held = minimum(maximum(z, constant(fitted.low)), constant(fitted.high))
  if (fitted.scale === 'log' || Math.abs(fitted.lambda) < 1e-6) return exp(held)
  const base = add(mul(held, constant(fitted.lambda)), constant(1))
  return pow(maximum(base, constant(leastBase(fitted))), 1 / fitted.lambda)
}

/** y_0 + sum over pieces of slope * (z held within the piece - its start): [row, unit] by [piece]. */
function alongKnots({ y, z: knots }: Extract<FittedScale, { scale: 'rank' }>, z: Expr): Expr {
  const pieces = knots.length - 1
  if (!pieces) return add(mul(z, constant(0)), constant(y[0]))
  const [low, high] = [constant(knots.slice(0, -1)), constant(knots.slice(1))]
  const slopes = constant(Array.from({ length: pieces }, (_, i) => (y[i + 1] - y[i]) / (knots[i + 1] - knots[i])))
  const each = reshape(z, [...z.shape, 1])
  const inside = sub(minimum(maximum(each, low), high), low)
  return add(sum(mul(inside, slopes), [2]), constant(y[0]))
}
