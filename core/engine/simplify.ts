import type { Expr } from './expr.ts'
import { rebuild, sameShape, substitute, topological } from './expr.ts'
import type { LoopAttrs } from './ops/loop.ts'
import { closedLoop } from './ops/loop.ts'
import { fuseHeads } from './fuseHeads.ts'
import { signature } from './print.ts'
import { prune } from './prune.ts'
import { graphCost } from './cost.ts'
import { PRODUCT_RULES, fullVectors } from './productRewrites.ts'
import { reassociate } from './reassociate.ts'
import { regularConcat } from './regular.ts'
import type { Rewrite } from './rewrites.ts'
import { RULES, freeTranspose, lateTranspose } from './rewrites.ts'
import { transpose } from './ops/layout.ts'
import { swapsLast } from './terms.ts'

/**
 * Equal graphs that run faster: equal expressions are shared, constants are folded, algebra is done (`rewrites.ts`),
 * what nobody reads falls away, and what a loop computes anew at each step without need moves in front of it. Products
 * of equal shape become one batch unless `batch` says no.
 */
export function simplify<K extends string>(outputs: Readonly<Record<K, Expr>>, batch = true): Record<K, Expr> {
  const names = Object.keys(outputs) as K[]
  const roots = simplifyAll(
    names.map((name) => outputs[name]),
    batch,
  )
  return Object.fromEntries(names.map((name, k) => [name, roots[k]])) as Record<K, Expr>
}

/** Rules feed one another; in practice a handful of passes settle it. */
const MOST_PASSES = 16
const MOST_ROUNDS = 6
/** How much dearer a step of reassociation may look, for what may become equal by it. */
const COURAGE = [0, 0.6]
const RULES_OF_ALGEBRA: readonly Rewrite[] = [...RULES, ...PRODUCT_RULES, regularConcat]
/** At the end A B' is the transpose of B A' where that is there already, and so on. */
const FINISH: readonly Rewrite[] = [lateTranspose, fullVectors, freeTranspose]

function simplifyAll(start: readonly Expr[], batch = true): Expr[] {
  const loops = new WeakSet<Expr>()
  const settled = settle(prune(start), loops)
  const plain = batch ? fewest(settled, loops) : settled
  let best = plain
  let least = graphCost(plain)
  for (const courage of COURAGE) {
    let now = plain
    for (let round = 0; round < MOST_ROUNDS; round++) {
      const next = reassociate(now, courage)
      if (next.every((root, k) => root === now[k])) break
      now = settle(next, loops)
      const cost = graphCost(now)
      if (cost >= least) continue
      best = now
      least = cost
    }
  }
  return settle(best, loops, FINISH)
}

/** With heads as one batch, where that is cheaper. */
function fewest(roots: Expr[], loops: WeakSet<Expr>): Expr[] {
  const fused = fuseHeads(roots)
  if (fused.every((root, k) => root === roots[k])) return roots
  const settled = settle(fused, loops)
  return graphCost(settled) < graphCost(roots) ? settled : roots
}

function settle(start: readonly Expr[], loops: WeakSet<Expr>, rules = RULES_OF_ALGEBRA): Expr[] {
  let roots = [...start]
  for (let pass = 0; pass < MOST_PASSES; pass++) {
    const { next, changed } = onePass(roots, loops, rules)
    roots = next
    if (!changed) break
  }
  return roots
}

function onePass(
  roots: readonly Expr[],
  loops: WeakSet<Expr>,
  rules: readonly Rewrite[],
): { next: Expr[]; changed: boolean } {
  const ids = new Map<Expr, number>()
  const shared = new Map<string, Expr>()
  const done = new Map<Expr, Expr>()
  let changed = false
  const share = (node: Expr): Expr => {
    const known = ids.has(node) ? node : undefined
    if (known !== undefined) return known
    // Locals of one body have different names; a body is closed, so names cannot meet those of another body.
    const key = `${signature(node)}|${node.inputs.map((input) => ids.get(share(input))).join()}`
    const same = shared.get(key)
    if (same !== undefined) return same
    const own = rebuild(node, node.inputs.map(share))
    shared.set(key, own)
    ids.set(own, ids.size)
    return own
  }
  /** A B' where B A' was seen before: its transpose. */
  const mirror = (node: Expr): Expr | null => {
    if (rules !== FINISH || node.op !== 'matmul' || !swapsLast(node.inputs[1])) return null
    const [a, b] = [share(node.inputs[0]), share(node.inputs[1].inputs[0])]
    const known = turns.get(`${ids.get(b)} ${ids.get(a)}`)
    if (known && a !== b) return share(transpose(known))
    turns.set(`${ids.get(a)} ${ids.get(b)}`, share(node))
    return null
  }
  const turns = new Map<string, Expr>()
  for (const node of topological(roots)) {
    let now = rebuild(
      node,
      node.inputs.map((input) => done.get(input)!),
    )
    if (now.op === 'loop' && !loops.has(now)) {
      now = simplifyLoop(now as Expr<LoopAttrs>)
      loops.add(now)
      changed = true
    }
    for (const rewrite of rules) {
      const better = rewrite(now)
      if (better === null) continue
      if (better.dtype !== now.dtype || !sameShape(better.shape, now.shape))
        throw new Error(`internal: a rewrite of ${now.op} changed its type`)
      now = better
      changed = true
    }
    const own = mirror(now) ?? share(now)
    if (own.op === 'loop') loops.add(own)
    done.set(node, own)
  }
  return { next: roots.map((root) => done.get(root)!), changed }
}

function simplifyLoop({ inputs, attrs: { steps, states, locals, outputs } }: Expr<LoopAttrs>): Expr {
  const [count, ...others] = inputs
  const [iteration, ...rest] = locals
  const captured = rest.slice(states)
  const outside = new Map(captured.map((local, k) => [local, others[states + k]]))
  // What became one expression outside is one inside, too.
  const first = new Map<Expr, Expr>()
  for (const local of captured) first.set(outside.get(local)!, first.get(outside.get(local)!) ?? local)
  const merged = new Map(captured.map((local) => [local, first.get(outside.get(local)!)!]))
  const body = simplifyAll(first.size < captured.length ? substitute(outputs, merged) : outputs)
  return closedLoop(count, steps, others.slice(0, states), iteration, rest.slice(0, states), substitute(body, outside))
}
