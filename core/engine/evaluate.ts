import type { Expr } from './expr.ts'
import { topological } from './expr.ts'
import type { Sizes, Value } from './value.ts'

/** The values of `roots` in double precision, given those of the leaves. */
export function evaluate(roots: readonly Expr[], bindings: ReadonlyMap<Expr, Value>, sizes: Sizes): Value[] {
  const values = new Map(bindings)
  for (const node of topological(roots)) {
    if (values.has(node)) continue
    const inputs = node.inputs.map((input) => values.get(input)!)
    values.set(node, node.rule.reference(node, inputs, sizes))
  }
  return roots.map((root) => values.get(root)!)
}
