import type { Expr } from './expr.ts'
import { rebuild, substitute, topological } from './expr.ts'
import type { LoopAttrs } from './ops/loop.ts'
import { closedLoop, part } from './ops/loop.ts'

/** Takes away what loops compute and nobody reads: scans, and states that only feed themselves. */
export function prune(roots: readonly Expr[]): Expr[] {
  let now = [...roots]
  for (;;) {
    const next = pruneOnce(now)
    if (next.every((root, k) => root === now[k])) return now
    now = next
  }
}

function pruneOnce(roots: readonly Expr[]): Expr[] {
  const order = topological(roots)
  const read = new Map<Expr, Set<number>>()
  for (const node of order) {
    if (node.op !== 'part') continue
    const [tuple] = node.inputs
    read.set(tuple, (read.get(tuple) ?? new Set()).add((node.attrs as { index: number }).index))
  }
  const done = new Map<Expr, Expr>()
  const places = new Map<Expr, number[]>()
  for (const node of order) {
    if (node.op === 'part') {
      const [tuple] = node.inputs
      const { index } = node.attrs as { index: number }
      const place = places.get(tuple)!.indexOf(index)
      done.set(node, done.get(tuple) === tuple && place === index ? node : part(done.get(tuple)!, place))
      continue
    }
    const now = rebuild(
      node,
      node.inputs.map((input) => done.get(input)!),
    )
    if (node.op === 'loop') {
      const kept = keptOutputs(node.attrs as LoopAttrs, read.get(node)!)
      places.set(node, kept)
      done.set(node, pruneLoop(now as Expr<LoopAttrs>, kept))
    } else done.set(node, now)
  }
  return roots.map((root) => done.get(root)!)
}

/** Which outputs of a loop are read from outside, or needed by those that are. */
function keptOutputs({ states, locals, outputs }: LoopAttrs, read: ReadonlySet<number>): number[] {
  const kept = new Set(read)
  for (;;) {
    const below = new Set(topological([...kept].map((k) => outputs[k])))
    const more = Array.from({ length: states }, (_, k) => k).filter((k) => !kept.has(k) && below.has(locals[1 + k]))
    if (more.length === 0) return [...kept].sort((a, b) => a - b)
    more.forEach((k) => kept.add(k))
  }
}

function pruneLoop(node: Expr<LoopAttrs>, kept: readonly number[]): Expr {
  const { steps, states, locals, outputs } = node.attrs
  const body = prune(kept.map((k) => outputs[k]))
  if (kept.length === outputs.length && body.every((out, k) => out === outputs[k])) return node
  const [count, ...others] = node.inputs
  const [iteration, ...own] = locals
  const live = kept.filter((k) => k < states)
  const outside = new Map(own.slice(states).map((local, k) => [local, others[states + k]]))
  return closedLoop(
    count,
    steps,
    live.map((k) => others[k]),
    iteration,
    live.map((k) => own[k]),
    substitute(body, outside),
    true,
  )
}
