import type { Value, Sizes } from './value.ts'
import type { Emitter } from './emitter.ts'

/**
 * Tensor expressions: immutable, compared by identity, shapes known when they are made. A model, its loss, its
 * gradient and a whole training loop are all just expressions.
 *
 * A dimension is a number, or a symbol ("rows") that the feeds decide when the program runs. A symbol means the same
 * size everywhere in a program; a product of symbols and numbers is written "10*rows".
 */
export type Dim = number | string
export type Shape = readonly Dim[]
/** A dimension that no input tells: how often a loop went round whose count is computed. */
export const UNKNOWN = '?'
/** `tuple` is the type of a loop only; its parts are taken out by `part`. */
export type DType = 'float' | 'int64' | 'bool' | 'tuple'

export interface Expr<A = unknown> {
  /** The operation's name: its row in the table `OPS`. */
  readonly op: string
  readonly rule: Rule<A>
  readonly inputs: readonly Expr[]
  readonly attrs: A
  readonly shape: Shape
  readonly dtype: DType
}

/** One row of the operation table: all that is known about an operation. A row without a gradient does not compile. */
export interface Rule<A = unknown> {
  /** Shape and type of the result; throws where the inputs do not fit. */
  type(inputs: readonly Expr[], attrs: A): { shape: Shape; dtype: DType }
  /**
   * Vector-Jacobian product, graph to graph: the gradient of each input, given `g`, the gradient of the result. null
   * where an input has none. A result may still be broadcast over the input's shape: `grad` sums it down. A loop gets
   * the gradients of its parts instead, where they have one.
   */
  vjp(node: Expr<A>, g: Expr, parts: readonly (Expr | undefined)[]): (Expr | null)[]
  /** Writes ONNX nodes and returns the name of the result. */
  onnx(emit: Emitter, node: Expr<A>, inputs: string[]): string
  /** The same in double precision. Integers and truth values are doubles here too. */
  reference(node: Expr<A>, inputs: Value[], sizes: Sizes): Value
}

/** Writes a rule with its attributes' type said once. */
export const rule = <A>(row: Rule<A>): Rule<A> => row

/** The only place where an expression is made. */
export function apply<A>(op: string, row: Rule<A>, inputs: readonly Expr[], attrs: A): Expr<A> {
  return Object.freeze({ op, rule: row, inputs, attrs, ...row.type(inputs, attrs) })
}

/** The same operation on other inputs; the node itself where nothing changed. */
export function rebuild(node: Expr, inputs: readonly Expr[]): Expr {
  if (inputs.every((input, i) => input === node.inputs[i])) return node
  return apply(node.op, node.rule, inputs, node.attrs)
}

export const sameShape = (a: Shape, b: Shape): boolean => a.length === b.length && a.every((dim, i) => dim === b[i])
export const shapeText = (shape: Shape): string => `[${shape.join(', ')}]`

/** Our mistake in building a graph, said with the operation and the shapes. */
export function misfit(op: string, inputs: readonly Expr[], why: string): Error {
  const shapes = inputs.map((input) => `${input.dtype}${shapeText(input.shape)}`).join(', ')
  return new Error(`internal: ${op}(${shapes}): ${why}`)
}

/** NumPy's broadcasting: shapes are aligned at the right, and 1 stretches. A symbol matches itself and 1 only. */
export function broadcastShapes(op: string, inputs: readonly Expr[]): Shape {
  const rank = Math.max(...inputs.map((input) => input.shape.length))
  return Array.from({ length: rank }, (_, axis) => {
    let dim: Dim = 1
    for (const { shape } of inputs) {
      const own = shape[axis - rank + shape.length] ?? 1
      if (own === 1 || own === dim) continue
      if (dim !== 1) throw misfit(op, inputs, `dimensions ${dim} and ${own} do not broadcast`)
      dim = own
    }
    return dim
  })
}

/** The product of dimensions, symbols in alphabetical order: 2, "rows", 5 give "10*rows". */
export function product(dims: Shape): Dim {
  let count = 1
  const symbols: string[] = []
  for (const dim of dims) {
    if (typeof dim === 'number') count *= dim
    else
      for (const factor of dim.split('*')) {
        if (/^\d+$/.test(factor)) count *= Number(factor)
        else symbols.push(factor)
      }
  }
  if (symbols.length === 0 || count === 0) return count
  symbols.sort()
  return (count === 1 ? symbols : [String(count), ...symbols]).join('*')
}

/** Axes made non-negative and sorted. */
export function normalAxes(op: string, x: Expr, axes: readonly number[]): number[] {
  const rank = x.shape.length
  const out = axes.map((axis) => (axis < 0 ? axis + rank : axis)).sort((a, b) => a - b)
  if (out.some((axis, i) => !Number.isInteger(axis) || axis < 0 || axis >= rank || axis === out[i - 1]))
    throw misfit(op, [x], `axes [${axes.join(', ')}] do not exist or repeat`)
  return out
}

/** Every expression that `roots` need, inputs before users, each once, in an order that depends on the graph only. */
export function topological(roots: readonly Expr[]): Expr[] {
  const order: Expr[] = []
  const seen = new Set<Expr>()
  // Without recursion: a network unrolled over 400 steps is thousands of nodes deep.
  const stack: { node: Expr; next: number }[] = []
  for (const root of roots) {
    if (!seen.has(root)) {
      seen.add(root)
      stack.push({ node: root, next: 0 })
    }
    while (stack.length > 0) {
      const top = stack[stack.length - 1]
      if (top.next < top.node.inputs.length) {
        const input = top.node.inputs[top.next++]
        if (!seen.has(input)) {
          seen.add(input)
          stack.push({ node: input, next: 0 })
        }
      } else {
        order.push(top.node)
        stack.pop()
      }
    }
  }
  return order
}

/** Replaces expressions by others, everywhere below `roots`. */
export function substitute(roots: readonly Expr[], replacements: ReadonlyMap<Expr, Expr>): Expr[] {
  const done = new Map(replacements)
  for (const node of topological(roots)) {
    if (done.has(node)) continue
    done.set(
      node,
      rebuild(
        node,
        node.inputs.map((input) => done.get(input)!),
      ),
    )
  }
  return roots.map((root) => done.get(root)!)
}
