import type { Expr, Shape } from './expr.ts'
import { product } from './expr.ts'
import type { Operand } from './ops/elementwise.ts'
import { add, cos, floor, greater, log, mul, sqrt, sub, where } from './ops/elementwise.ts'
import { reshape } from './ops/layout.ts'
import { constant, range } from './ops/leaf.ts'

/**
 * Random numbers from counters (Salmon et al. 2011): a number is a hash of its place, of the step and of a seed, so that
 * nothing is carried along and every runtime gives the same bits. The hash is a Feistel network on two 12-bit halves,
 *   L, R <- R, (L + floor((R + k - 4096)^2 / 16)) mod 4096     (six rounds)
 * whose every intermediate is a whole number of at most 2^24, or a 16th of one: exact in single precision.
 */
const HALF = 4096
const KEYS = [1193, 3571, 887, 2749, 2003, 379]

/** Four whole numbers below 4096 that stand for a seed and a step. */
export type Key = readonly Expr[]

const wrap = (x: Operand): Expr => sub(x, mul(HALF, floor(mul(x, 1 / HALF))))

/** `key` gives each round a number in [0, 4096). */
function feistel(left: Expr, right: Expr, key: (round: number) => Operand): [Expr, Expr] {
  let [l, r] = [left, right]
  for (let round = 0; round < KEYS.length; round++) {
    const shifted = add(r, sub(key(round), HALF))
    const mixed = floor(mul(mul(shifted, shifted), 1 / 16))
    ;[l, r] = [r, wrap(add(l, mixed))]
  }
  return [l, r]
}

const halves = (x: Expr): [Expr, Expr] => [wrap(floor(mul(x, 1 / HALF))), wrap(x)]

/**
 * @param seed  a float scalar, a whole number in [0, 2^24)
 * @param step  a float scalar, a whole number in [0, 2^24): the count of steps since the seed
 */
export function noiseKey(seed: Expr, step: Expr): Key {
  const [s, t] = [halves(seed), halves(step)]
  const own = feistel(s[0], s[1], (round) => KEYS[round])
  const first = feistel(wrap(add(t[0], own[0])), wrap(add(t[1], own[1])), (round) => KEYS[(round + 3) % KEYS.length])
  const second = feistel(first[1], wrap(add(first[0], own[1])), (round) => KEYS[(round + 5) % KEYS.length])
  return [...first, ...second]
}

/**
 * Uniform numbers in (0, 1), of at most 2^24 elements.
 *
 * @param stream  a whole number: another one for each use of the same key
 */
export function uniform(shape: Shape, key: Key, stream: number): Expr {
  const [left, right] = halves(range(product(shape)))
  const own = (round: number) => (stream * (2 * KEYS[(round + 1) % KEYS.length] + 1) + KEYS[round]) % HALF
  const [l, r] = feistel(left, right, (round) => wrap(add(key[round % 4], own(round))))
  return reshape(mul(add(add(mul(l, HALF), r), 0.5), 2 ** -24), shape)
}

/** Standard normal numbers (Box and Muller 1958); alike on all runtimes up to the rounding of log and cos. */
export function normal(shape: Shape, key: Key, stream: number): Expr {
  const [u, v] = [0, 1].map((half) => uniform(shape, key, 2 * stream + half + 1024))
  return mul(sqrt(mul(-2, log(u))), cos(mul(2 * Math.PI, v)))
}

/** Each number falls out with probability `rate`, and the others grow by 1 / (1 - rate) (Srivastava et al. 2014). */
export function dropout(x: Expr, rate: number, key: Key, stream: number): Expr {
  if (!(rate >= 0 && rate < 1)) throw new Error(`internal: a dropout rate of ${rate}`)
  if (rate === 0) return x
  const kept = greater(uniform(x.shape, key, stream), rate)
  return mul(x, where(kept, constant(1 / (1 - rate)), 0))
}
