import type { Expr } from './expr.ts'
import { apply, product, rebuild, sameShape, topological } from './expr.ts'
import { add } from './ops/elementwise.ts'
import { reshape, slice, transpose } from './ops/layout.ts'
import { matmul } from './ops/linear.ts'
import type { Reduction } from './ops/reduce.ts'
import { sum } from './ops/reduce.ts'
import { signature } from './print.ts'
import { placeOf, stack } from './regular.ts'
import { ONE_FLOAT, TWO_FLOATS } from './rewrites.ts'
import { termsOf } from './terms.ts'

/**
 * Equal work on several sides becomes one batch: products of one matrix with many of equal shape (the heads of a
 * network) are one batched product, and what follows them lane by lane, gradients included, follows as a batch.
 *   X W_1, X W_2, ...  =  X [W_1; W_2; ...]        f(y_1, b_1), f(y_2, b_2), ...  =  f([y_1; y_2; ...], [b_1; b_2; ...])
 * Sums over all lanes are sums along the new first axis. Whether it pays is for whoever compares whole graphs.
 */
type Group = { nodes: Expr[] }
type Lane = { group: Group; lane: number }

const FEWEST = 3
/** Larger graphs are not looked at: the walk is as deep as the graph. */
const MOST = 4000

export function fuseHeads(roots: readonly Expr[]): Expr[] {
  const order = topological(roots)
  if (order.length > MOST) return [...roots]
  const lanes = new Map<Expr, Lane>()
  for (const nodes of seeds(order)) join(nodes, lanes)
  if (lanes.size === 0) return [...roots]
  while (grow(order, lanes));
  for (;;) {
    const built = build(roots, order, lanes)
    if (Array.isArray(built)) return built
    // Lanes that wait for one another cannot run together.
    for (const node of built.nodes) lanes.delete(node)
    if (lanes.size === 0) return [...roots]
  }
}

function join(nodes: Expr[], lanes: Map<Expr, Lane>): void {
  const group = { nodes }
  nodes.forEach((node, lane) => lanes.set(node, { group, lane }))
}

/** Products of one matrix with several of equal shape. */
function seeds(order: readonly Expr[]): Expr[][] {
  const found = new Map<Expr, Map<string, Expr[]>>()
  for (const node of order) {
    if (node.op !== 'matmul' || node.inputs.some((x) => x.shape.length !== 2)) continue
    const [a, b] = node.inputs
    if (b.shape.some((dim) => typeof dim === 'string') || b.op === 'transpose') continue
    const byShape = found.get(a) ?? new Map<string, Expr[]>()
    found.set(a, byShape)
    const key = b.shape.join()
    byShape.set(key, [...(byShape.get(key) ?? []), node])
  }
  const groups = [...found.values()].flatMap((byShape) => [...byShape.values()])
  // Lanes in the order in which their matrices lie, where they are pieces of one vector.
  return groups
    .filter((nodes) => nodes.length >= FEWEST)
    .map((nodes) => nodes.toSorted((a, b) => placeOf(a.inputs[1]) - placeOf(b.inputs[1])))
}

/** Whether a node can be done for a batch, given one more leading axis of its inputs. */
const mayBatch = ({ op, shape, inputs }: Expr): boolean =>
  ONE_FLOAT.has(op) ||
  TWO_FLOATS.has(op) ||
  (op === 'matmul' && inputs.every((x) => x.shape.length === 2)) ||
  op === 'transpose' ||
  op === 'sum' ||
  (op === 'reshape' && shape.every((dim) => typeof dim === 'number'))

/** Finds nodes that do the same with each lane of a group; whether there were any. */
function grow(order: readonly Expr[], lanes: Map<Expr, Lane>): boolean {
  const found = new Map<string, { size: number; byLane: Map<number, Expr[]> }>()
  const ids = new Map<Group, number>()
  const idOf = (group: Group) => ids.get(group) ?? (ids.set(group, ids.size), ids.size - 1)
  for (const node of order) {
    if (lanes.has(node) || !mayBatch(node)) continue
    const own = node.inputs.map((x) => lanes.get(x))
    const first = own.find((x) => x !== undefined)
    if (!first || own.some((x) => x && x.lane !== first.lane)) continue
    if (own.some((x) => x && x.group.nodes.length !== first.group.nodes.length)) continue
    const inputs = node.inputs.map((x, k) => (own[k] ? `g${idOf(own[k].group)}` : x.shape.join()))
    const key = `${signature(node)}|${inputs.join('|')}`
    const entry = found.get(key) ?? { size: first.group.nodes.length, byLane: new Map<number, Expr[]>() }
    found.set(key, entry)
    entry.byLane.set(first.lane, [...(entry.byLane.get(first.lane) ?? []), node])
  }
  let any = false
  for (const { size, byLane } of found.values()) {
    if (byLane.size !== size) continue
    const deep = Math.min(...[...byLane.values()].map((nodes) => nodes.length))
    for (let k = 0; k < deep; k++) {
      const nodes = Array.from({ length: size }, (_, lane) => byLane.get(lane)![k])
      if (nodes.some((node) => lanes.has(node))) continue
      join(nodes, lanes)
      any = true
    }
  }
  return any
}

/** The graph with its groups as batches, or a group that waits for itself. */
function build(roots: readonly Expr[], order: readonly Expr[], lanes: ReadonlyMap<Expr, Lane>): Expr[] | Group {
  const done = new Map<Expr, Expr>()
  const batches = new Map<Group, Expr>()
  const sums = laneSums(order, lanes)
  const batchOf = (group: Group): Expr => {
    const known = batches.get(group)
    if (known) return known
    const [model] = group.nodes
    const inputs = model.inputs.map((x, k) => {
      const from = lanes.get(x)
      const inStep = (node: Expr, lane: number) => {
        const own = lanes.get(node.inputs[k])
        return own?.group === from?.group && own?.lane === lane
      }
      if (from && group.nodes.every(inStep)) return batches.get(from.group)!
      const parts = group.nodes.map((node) => done.get(node.inputs[k])!)
      return parts.every((own) => equal(own, parts[0])) ? parts[0] : stack(parts)
    })
    const own = batched(model, inputs, group.nodes.length)
    batches.set(group, own)
    return own
  }
  // Depth first, a group's lanes together.
  const open = new Set<Group>()
  let stuck: Group | null = null
  const visit = (node: Expr): void => {
    if (stuck || done.has(node)) return
    const own = lanes.get(node)
    const total = sums.get(node)
    const needs = own
      ? own.group.nodes.flatMap((x) => x.inputs)
      : total
        ? [...total.rest, ...total.group.nodes]
        : node.inputs
    if (own) {
      if (open.has(own.group)) return void (stuck = own.group)
      open.add(own.group)
    }
    needs.forEach(visit)
    if (stuck) return
    if (own) {
      const all = batchOf(own.group)
      own.group.nodes.forEach((x, lane) => done.set(x, reshape(slice(all, 0, lane, lane + 1), x.shape)))
    } else if (total) {
      const all = batches.get(total.group)!
      const rows = reshape(all, [total.group.nodes.length, product(node.shape)])
      const whole = reshape(sum(rows, [0]), node.shape)
      done.set(
        node,
        [whole, ...total.rest.map((x) => done.get(x)!)].reduce((a, b) => add(a, b)),
      )
    } else
      done.set(
        node,
        rebuild(
          node,
          node.inputs.map((x) => done.get(x)!),
        ),
      )
  }
  roots.forEach(visit)
  return stuck ?? roots.map((root) => done.get(root)!)
}

/** Sums in which every lane of a group stands once and plainly. */
function laneSums(order: readonly Expr[], lanes: ReadonlyMap<Expr, Lane>): Map<Expr, { group: Group; rest: Expr[] }> {
  const found = new Map<Expr, { group: Group; rest: Expr[] }>()
  for (const node of order) {
    if (node.op !== 'add' || lanes.has(node)) continue
    const terms = termsOf(node)
    const plain = terms.every(({ minus, scale, x }) => !minus && !scale && sameShape(x.shape, node.shape))
    const group = terms.map(({ x }) => lanes.get(x)?.group).find((own) => own !== undefined)
    if (!plain || !group || terms.length < group.nodes.length) continue
    const xs = terms.map(({ x }) => x)
    if (!group.nodes.every((own) => xs.filter((x) => x === own).length === 1)) continue
    found.set(node, { group, rest: xs.filter((x) => !group.nodes.includes(x)) })
  }
  return found
}

const equal = (a: Expr, b: Expr): boolean =>
  a === b || (a.op === 'constant' && b.op === 'constant' && signature(a) === signature(b))

/** A node with one more leading axis. What is shared by all lanes comes without it. */
function batched(model: Expr, inputs: readonly Expr[], size: number): Expr {
  const { op, rule, attrs, shape } = model
  if (op === 'matmul') return matmul(inputs[0], inputs[1])
  if (op === 'transpose')
    return transpose(inputs[0], [0, ...(attrs as { perm: number[] }).perm.map((axis) => axis + 1)])
  if (op === 'sum') {
    const { axes, keepDims } = attrs as Reduction
    return sum(
      inputs[0],
      axes.map((axis) => axis + 1),
      keepDims,
    )
  }
  if (op === 'reshape') return reshape(inputs[0], [size, ...shape])
  const aligned = inputs.map((x, k) => {
    const { length } = model.inputs[k].shape
    return x.shape.length === length
      ? x
      : reshape(x, [size, ...new Array<number>(shape.length - length).fill(1), ...x.shape.slice(1)])
  })
  return apply(op, rule, aligned, attrs)
}
