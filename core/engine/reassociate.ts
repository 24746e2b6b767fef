import { passCost, productCost } from './cost.ts'
import type { Expr } from './expr.ts'
import { rebuild, sameShape, topological } from './expr.ts'
import { matmul } from './ops/linear.ts'
import type { Term } from './terms.ts'
import { sumOf, swapsLast, termsOf, transposed } from './terms.ts'

/**
 * Products are distributed over sums and regrouped where a cost model says that it pays:
 *   X (W + a P Q) = X W + a (X P) Q
 * A matrix made of thin products is then never formed. Exact one-step MAML takes its low-rank form by this rule alone:
 * fast weights W - a S' D, one matrix per task, are only ever multiplied.
 *
 * The choice is made once for each such matrix, since forming it is paid once and shared by all its products; where
 * something else reads it, it is formed in any case. That choice sees one matrix alone; what else becomes equal or
 * falls away then is seen by whoever compares whole graphs, of which `courage` (the share that a step may cost more)
 * gives several.
 */
export function reassociate(roots: readonly Expr[], courage: number): Expr[] {
  const order = topological(roots)
  const users = new Map<Expr, Expr[]>()
  for (const node of order)
    for (const input of new Set(node.inputs)) {
      const known = users.get(input)
      if (known) known.push(node)
      else users.set(input, [node])
    }
  const isRoot = new Set(roots)
  const opened = new Set<Expr>()
  for (const node of order) {
    if (!mayOpen(node)) continue
    const terms = termsOf(node)
    if (!opens(node, terms)) continue
    const turned = (users.get(node) ?? []).filter(swapsLast)
    const readers = [node, ...turned].flatMap((own) =>
      (users.get(own) ?? []).filter((user) => user !== own && !turned.includes(user)).map((user) => ({ own, user })),
    )
    const products = readers.filter(
      ({ own, user }) => user.op === 'matmul' && user.inputs[0] !== user.inputs[1] && own.shape.length >= 2,
    )
    if (products.length === 0) continue
    const avoided = products.length === readers.length && ![node, ...turned].some((own) => isRoot.has(own))
    let before = avoided ? formingCost(node, users) : 0
    let after = 0
    for (const { own, user } of products) {
      const [a, b] = user.inputs
      before += productCost(a.shape, b.shape)
      after += openedCost(termsOf(own), own === a ? 'left' : 'right', own === a ? b : a)
    }
    if (after < before * (1 + courage)) products.forEach(({ own }) => opened.add(own))
  }
  if (opened.size === 0) return [...roots]
  const done = new Map<Expr, Expr>()
  for (const node of order) {
    const now = rebuild(
      node,
      node.inputs.map((input) => done.get(input)!),
    )
    done.set(node, node.op === 'matmul' ? open(node, now, opened) : now)
  }
  return roots.map((root) => done.get(root)!)
}

const isProduct = (x: Expr): boolean => x.op === 'matmul' || (swapsLast(x) && x.inputs[0].op === 'matmul')
/** Matrices of the whole size, one of them a product. */
const opens = (node: Expr, terms: readonly Term[]): boolean =>
  terms.every(({ x }) => sameShape(x.shape.slice(-2), node.shape.slice(-2))) && terms.some(({ x }) => isProduct(x))
const mayOpen = (node: Expr): boolean =>
  node.dtype === 'float' && node.shape.length >= 2 && ['add', 'sub', 'matmul', 'reshape'].includes(node.op)

/** The two factors of a product, or of a transposed one. */
function factors(x: Expr): [Expr, Expr] | null {
  if (x.op === 'matmul') return [x.inputs[0], x.inputs[1]]
  if (!swapsLast(x) || x.inputs[0].op !== 'matmul') return null
  const [a, b] = x.inputs[0].inputs
  return [transposed(b), transposed(a)]
}

/** `terms` on the given side of a product with `other`, each thin product opened. */
function openTerms(terms: readonly Term[], side: 'left' | 'right', other: Expr): Term[] {
  return terms.map((term) => {
    const pair = factors(term.x)
    if (!pair) return { ...term, x: side === 'left' ? matmul(term.x, other) : matmul(other, term.x) }
    const [p, q] = pair
    return { ...term, x: side === 'left' ? matmul(p, matmul(q, other)) : matmul(matmul(other, p), q) }
  })
}

function openedCost(terms: readonly Term[], side: 'left' | 'right', other: Expr): number {
  return openTerms(terms, side, other).reduce((sum, { scale, x }, k) => {
    const inner = x.inputs.find((input) => input.op === 'matmul' && input.inputs.includes(other))
    const products = [x, ...(inner ? [inner] : [])].map((p) => productCost(p.inputs[0].shape, p.inputs[1].shape))
    return sum + products.reduce((a, b) => a + b) + (k > 0 || scale ? passCost(x) : 0)
  }, 0)
}

/** What it costs to form a matrix from its summands, as far as nobody else needs the parts. */
function formingCost(node: Expr, users: ReadonlyMap<Expr, Expr[]>): number {
  const own = node.op === 'matmul' ? productCost(node.inputs[0].shape, node.inputs[1].shape) : passCost(node)
  if (node.op === 'matmul') return own
  const linear = node.inputs.filter(
    (x) => ['add', 'sub', 'neg', 'mul', 'matmul', 'transpose'].includes(x.op) && users.get(x)!.length === 1,
  )
  return own + linear.reduce((sum, x) => sum + formingCost(x, users), 0)
}

function open(before: Expr, now: Expr, opened: ReadonlySet<Expr>): Expr {
  for (const side of [1, 0] as const) {
    if (!opened.has(before.inputs[side])) continue
    const terms = termsOf(now.inputs[side])
    if (!opens(now.inputs[side], terms)) continue
    const better = sumOf(openTerms(terms, side === 0 ? 'left' : 'right', now.inputs[1 - side]))
    if (sameShape(better.shape, now.shape)) return better
  }
  return now
}
