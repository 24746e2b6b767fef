import type { Dim, Expr, Rule } from '../expr.ts'
import { UNKNOWN, apply, misfit, rule, sameShape, shapeText, substitute, topological } from '../expr.ts'
import { evaluate } from '../evaluate.ts'
import type { Value } from '../value.ts'
import { elements } from '../value.ts'
import { local, size } from './leaf.ts'

/**
 * Many steps in one call: `states` are carried from step to step, `scans` are collected, one per step. What the body
 * uses from outside is found by itself and computed once, before the loop.
 *
 * The node's inputs are [count, ...first states, ...captured]; its body is closed: it sees its locals and constants
 * alone, locals being [iteration, ...states, ...captured].
 */
export type LoopAttrs = {
  steps: Dim
  states: number
  locals: readonly Expr[]
  /** [...next states, ...scans] */
  outputs: readonly Expr[]
}
type Scalar = 'float' | 'int64' | 'bool'

export const LOOP = {
  loop: rule<LoopAttrs>({
    type(inputs, { states, locals, outputs }) {
      for (let k = 0; k < states; k++) {
        const [first, next] = [inputs[1 + k], outputs[k]]
        if (first.dtype !== next.dtype || !sameShape(first.shape, next.shape))
          throw misfit('loop', [first, next], `state ${k} changes its type on the way`)
      }
      inputs.slice(1).forEach((input, k) => {
        const own = locals[1 + k]
        if (own.dtype !== input.dtype || !sameShape(own.shape, input.shape))
          throw misfit('loop', [input, own], `local ${k} has another type than what it stands for`)
      })
      return { shape: [], dtype: 'tuple' }
    },
    vjp() {
      throw new Error('internal: there is no gradient through a loop; take it inside the body')
    },
    onnx(emit, { attrs: { states, locals, outputs } }, [count, ...names]) {
      const [iteration, ...others] = locals
      const carried = others.slice(0, states)
      const bindings = new Map<Expr, string>([[iteration, emit.fresh('i')]])
      const go = emit.fresh('go')
      carried.forEach((state) => bindings.set(state, emit.fresh('state')))
      others.slice(states).forEach((captured, k) => bindings.set(captured, names[states + k]))
      const info = (expr: Expr) => ({
        name: bindings.get(expr)!,
        dtype: expr.dtype as Scalar,
        shape: expr.shape,
      })
      const body = emit.subgraph(
        [info(iteration), { name: go, dtype: 'bool', shape: [] }, ...carried.map(info)],
        () => {
          const made = emit.write(topological(outputs), bindings)
          const results = outputs.map((expr) => ({
            name: made.get(expr)!,
            dtype: expr.dtype as Scalar,
            shape: expr.shape,
          }))
          return [{ name: go, dtype: 'bool', shape: [] }, ...results]
        },
      )
      const base = emit.fresh('Loop')
      return emit.nodeOf(
        'Loop',
        [count, '', ...names.slice(0, states)],
        outputs.map((_, k) => `${base}.${k}`),
        { body },
      )
    },
    reference({ attrs: { states, locals, outputs } }, [count, ...values], sizes) {
      let carried = values.slice(0, states)
      const captured = values.slice(states)
      const rows: Value[][] = outputs.slice(states).map(() => [])
      for (let i = 0; i < count.data[0]; i++) {
        const now = [{ shape: [], data: Float64Array.of(i) }, ...carried, ...captured]
        const results = evaluate(outputs, new Map(locals.map((own, k) => [own, now[k]])), sizes)
        carried = results.slice(0, states)
        rows.forEach((row, k) => row.push(results[states + k]))
      }
      return { shape: [], data: new Float64Array(0), parts: [...carried, ...rows.map(stack)] }
    },
  }),
  /** One result of a loop: a last state, or a scan as [steps, ...]. */
  part: rule<{ index: number }>({
    type([tuple], { index }) {
      const { states, outputs, steps } = tuple.attrs as LoopAttrs
      const { shape, dtype } = outputs[index]
      return { shape: index < states ? shape : [steps, ...shape], dtype }
    },
    vjp() {
      throw new Error('internal: there is no gradient through a loop; take it inside the body')
    },
    onnx: (_emit, { attrs: { index } }, [first]) => first.replace(/\d+$/, String(index)),
    reference: ({ attrs: { index } }, [tuple]) => tuple.parts![index],
  }),
} satisfies Record<string, Rule<never>>

function stack(rows: Value[]): Value {
  const shape = rows.length > 0 ? rows[0].shape : []
  const data = new Float64Array(rows.length * elements(shape))
  rows.forEach((row, k) => data.set(row.data, k * elements(shape)))
  return { shape: [rows.length, ...shape], data }
}

/**
 * @param count  how many steps: a number, a symbol ("steps", the size of some input's axis), or an int64 scalar
 * @param state  the first states
 * @param body   what one step does: from the iteration (an int64 scalar, 0 first) and the states to the next states,
 *               of the same shapes, and what is to be collected
 * @param steps  the symbol that scans carry as their first dimension where count is an expression; by default a size
 *               that only the runtime knows, which `mean` and the like cannot use
 * @returns the last states, and each scan as [steps, ...]
 */
export function loop(options: {
  count: number | string | Expr
  state: readonly Expr[]
  body(i: Expr, state: Expr[]): { state: readonly Expr[]; scan?: readonly Expr[] }
  steps?: string
}): { state: Expr[]; scan: Expr[] } {
  const { count, state, body } = options
  const iteration = local('i', [], 'int64')
  const carried = state.map((first, k) => local(`s${k}`, first.shape, first.dtype as Scalar))
  const next = body(iteration, [...carried])
  const scan = next.scan ?? []
  if (next.state.length !== state.length)
    throw new Error(`internal: a loop of ${state.length} states got ${next.state.length} back`)
  next.state.forEach((expr, k) => {
    if (!sameShape(expr.shape, state[k].shape))
      throw new Error(
        `internal: loop state ${k} starts as ${shapeText(state[k].shape)} and becomes ${shapeText(expr.shape)}`,
      )
  })
  const trips = typeof count === 'object' ? count : size(count, 'int64')
  const steps = typeof count === 'object' ? (options.steps ?? UNKNOWN) : count
  const node = closedLoop(trips, steps, state, iteration, carried, [...next.state, ...scan], true)
  const part = (index: number) => apply('part', LOOP.part, [node], { index })
  return { state: state.map((_, k) => part(k)), scan: scan.map((_, k) => part(state.length + k)) }
}

/**
 * The loop node for a body that may still use expressions from outside: those become captured inputs. Constants and
 * sizes are copied in instead, and with `open` stretched tensors too, so that the body can be simplified around them.
 */
export function closedLoop(
  count: Expr,
  steps: Dim,
  state: readonly Expr[],
  iteration: Expr,
  carried: readonly Expr[],
  outputs: readonly Expr[],
  open = false,
): Expr<LoopAttrs> {
  const inside = new Set<Expr>([iteration, ...carried])
  const captured = new Map<Expr, Expr>()
  const capture = (node: Expr) => {
    if (inside.has(node) || node.op === 'constant' || node.op === 'size' || captured.has(node)) return
    if (open && node.op === 'broadcastTo') return capture(node.inputs[0])
    captured.set(node, local(`c${captured.size}`, node.shape, node.dtype as Scalar))
  }
  for (const node of topological(outputs)) {
    if (!node.inputs.some((input) => inside.has(input))) continue
    inside.add(node)
    node.inputs.forEach(capture)
  }
  outputs.forEach(capture)
  return apply('loop', LOOP.loop, [count, ...state, ...captured.keys()], {
    steps,
    states: state.length,
    locals: [iteration, ...carried, ...captured.values()],
    outputs: substitute(outputs, captured),
  })
}
