import type { Dim, Expr } from '../expr.ts'
import { product, substitute, topological } from '../expr.ts'
import { count } from '../cost.ts'
import { grad } from '../grad.ts'
import { add, mul } from './elementwise.ts'
import { scatterAdd } from './indexing.ts'
import { reshape, reverse, transpose } from './layout.ts'
import { local } from './leaf.ts'
import { matmul } from './linear.ts'
import { sum } from './reduce.ts'

/**
 * How the gradient of something captured comes about: by adding `each` up step by step; or by collecting `scans` and
 * one operation on all of them after the loop; or, where S' B is to be added up with S a state before each step, by
 * keeping B (`held`) for the step before, which knows that state as what it made (`next`).
 */
export type Share =
  | { of: Expr; each: Expr }
  | { of: Expr; state: Expr; next: Expr; held: Expr }
  | { of: Expr; scans: Expr[]; total(scans: Expr[], steps: Dim): Expr }

type Body = { steps: Dim; states: number; locals: readonly Expr[]; outputs: readonly Expr[] }

/**
 * The gradient of one step of a loop, in terms of its own locals and of `seeds`, which stand for the gradients of its
 * outputs (undefined where `seeded` says there is none). `stacks` tells what is known of all steps, first step first;
 * what the gradient's loop collects comes last step first.
 */
export function stepGradient(
  { states, locals, outputs, steps }: Body,
  seeded: (output: number) => boolean,
  stacks: ReadonlyMap<Expr, Expr>,
): { seeds: (Expr | undefined)[]; carried: Map<Expr, Expr>; captured: Share[] } {
  const isFloat = (x: Expr) => x.dtype === 'float'
  const carried = locals.slice(1, 1 + states).filter(isFloat)
  const captured = locals.slice(1 + states).filter(isFloat)
  const seeds = outputs.map((out, k) => (isFloat(out) && seeded(k) ? local(`g${k}`, out.shape, 'float') : undefined))

  // What is only read row by row gets its gradient row by row: the rows are differentiated, not the whole.
  const users = topological(outputs)
  const reads = new Map<Expr, Expr[]>()
  for (const own of captured) {
    const by = users.filter((node) => node.inputs.includes(own))
    if (!outputs.includes(own) && by.every((node) => node.op === 'gather')) reads.set(own, by)
  }
  const rows = new Map([...reads.values()].flat().map((read, k) => [read, local(`r${k}`, read.shape, 'float')]))
  const whole = captured.filter((own) => !reads.has(own))

  const renamed = substitute(users, rows)
  const body = outputs.map((out) => renamed[users.indexOf(out)])
  const weighed = body.flatMap((out, k) => (seeds[k] === undefined ? [] : [sum(mul(out, seeds[k]))]))
  const back = new Map(renamed.map((now, k) => [now, users[k]]))
  const found = substitute(grad(weighed.reduce(add), [...carried, ...whole, ...rows.values()]), back)
  const gradientOf = new Map([...carried, ...whole, ...rows.keys()].map((x, k) => [x, found[k]]))

  const nextOf = new Map(locals.slice(1, 1 + states).map((own, k) => [own, outputs[k]]))
  const byRows = [...reads].map(([of, nodes]): Share => {
    // One row for each step: the rows are the gradient.
    if (nodes.every((read) => stacks.has(read)))
      return {
        of,
        scans: nodes.map((read) => gradientOf.get(read)!),
        total: (scans) => scans.map(reverse).reduce((a, b) => add(a, b)),
      }
    return {
      of,
      scans: nodes.flatMap((read) => [read.inputs[1], gradientOf.get(read)!]),
      total: (scans) =>
        nodes.map((_, k) => scatterAdd(scans[2 * k], scans[2 * k + 1], of.shape[0])).reduce((a, b) => add(a, b)),
    }
  })
  return {
    seeds,
    carried: new Map(carried.map((own) => [own, gradientOf.get(own)!])),
    captured: [...byRows, ...whole.map((of) => shareOf(of, gradientOf.get(of)!, stacks, steps, nextOf))],
  }
}

/** Collected rows beyond this many numbers do not stay in the processor's cache; totals up to the other do. */
const LARGE = 1 << 20
const SMALL = 1 << 17
/** A total is passed over once a step, which this many rows of a product outweigh. */
const WORTH = 32

/** A sum over steps of A' B is one product of all A, below one another, with all B. */
function shareOf(
  of: Expr,
  each: Expr,
  stacks: ReadonlyMap<Expr, Expr>,
  steps: Dim,
  nextOf: ReadonlyMap<Expr, Expr>,
): Share {
  const [at, b] = each.inputs
  if (each.op !== 'matmul' || at.op !== 'transpose' || at.shape.length !== 2 || b.shape.length !== 2)
    return { of, each }
  const [a] = at.inputs
  const [m, k] = a.shape
  const n = b.shape[1]
  // Collecting costs m (k + n) numbers a step, adding up 2 k n.
  const sized = typeof m === 'number' && typeof k === 'number' && typeof n === 'number'
  if (sized && m * (k + n) > 2 * k * n) return { of, each }
  if (sized && m >= WORTH && k * n <= SMALL && count([steps, m, k + n]) > LARGE) {
    const next = nextOf.get(a)
    return next && stacks.has(next) ? { of, state: a, next, held: b } : { of, each }
  }
  const stack = stacks.get(a)
  const flat = (x: Expr, steps: Dim) => reshape(x, [product([steps, m]), x.shape.at(-1)!])
  if (stack)
    return {
      of,
      scans: [b],
      total: ([bs], steps) => matmul(transpose(flat(stack, steps)), flat(reverse(bs), steps)),
    }
  return { of, scans: [a, b], total: ([as, bs], steps) => matmul(transpose(flat(as, steps)), flat(bs, steps)) }
}
