import type { Dim, Expr, Rule, Shape } from '../expr.ts'
import { UNKNOWN, apply, misfit, rule, sameShape, shapeText, substitute, topological } from '../expr.ts'
import { evaluate } from '../evaluate.ts'
import type { Value } from '../value.ts'
import { elements } from '../value.ts'
import { count } from '../cost.ts'
import { add, cast, sub } from './elementwise.ts'
import { gather } from './indexing.ts'
import { broadcastTo, reverse, transpose } from './layout.ts'
import { constant, local, size } from './leaf.ts'
import { matmul } from './linear.ts'
import { stepGradient } from './loopGradient.ts'
import { writeLoop } from './loopOnnx.ts'

/**
 * Many steps in one call: `states` are carried from step to step, `scans` are collected, one per step. What the body
 * uses from outside is found by itself and computed once, before the loop.
 *
 * The node's inputs are [count, ...first states, ...captured]; its body is closed: it sees its locals and constants
 * alone, locals being [iteration, ...states, ...captured]. The states themselves are collected too, since a gradient
 * needs them; `prune` takes away what nobody reads.
 *
 * The gradient is another loop, from the last step to the first, that carries back the gradients of the states and
 * those of what was captured (`loopGradient.ts`). What a step found by products and transcendental functions is kept
 * for it; the rest it computes again.
 */
export type LoopAttrs = {
  steps: Dim
  states: number
  locals: readonly Expr[]
  /** [...next states, ...scans, ...states before each step] */
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
    vjp: (node, _g, parts) => reverseLoop(node, parts),
    onnx: writeLoop,
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
      const scans = rows.map((row, k) => stack(row, outputs[states + k].shape))
      return { shape: [], data: new Float64Array(0), parts: [...carried, ...scans] }
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
      throw new Error("internal: the gradient of a part is its loop's affair")
    },
    onnx: (emit, { attrs: { index } }, [first]) => emit.result(first.replace(/\d+$/, String(index))),
    reference: ({ attrs: { index } }, [tuple]) => tuple.parts![index],
  }),
} satisfies Record<string, Rule<never>>

/** Rows below one another; where there are none, symbols count as 0, as they do in ONNX Runtime. */
function stack(rows: Value[], declared: Shape): Value {
  const shape = rows.length > 0 ? rows[0].shape : declared.map((dim) => (typeof dim === 'number' ? dim : 0))
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
 *               that only the runtime knows, which `mean` and gradients of scans cannot use
 * @returns the last states, and each scan as [steps, ...]
 */
export function loop(options: {
  count: number | string | Expr
  state: readonly Expr[]
  body(i: Expr, state: Expr[]): { state: readonly Expr[]; scan?: readonly Expr[] }
  steps?: Dim
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
  const past = carried.filter((own) => !scan.includes(own))
  const kept = worthKeeping([...next.state, ...scan], new Set([iteration, ...carried])).filter((x) => !scan.includes(x))
  const outputs = [...next.state, ...scan, ...past, ...kept]
  const node = closedLoop(trips, steps, state, iteration, carried, outputs, true)
  return { state: state.map((_, k) => part(node, k)), scan: scan.map((_, k) => part(node, state.length + k)) }
}

/** What costs more to compute again than to keep, and is not too large to be kept for every step. */
const DEAR = new Set(['matmul', 'tanh', 'sigmoid', 'exp', 'log', 'softmax', 'logSumExp', 'loop'])
const LARGEST_KEPT = 1 << 18
function worthKeeping(outputs: readonly Expr[], inside: ReadonlySet<Expr>): Expr[] {
  const within = new Set(inside)
  const found: Expr[] = []
  for (const node of topological(outputs)) {
    if (node.inputs.some((x) => within.has(x))) within.add(node)
    else continue
    if (DEAR.has(node.op) && node.dtype === 'float' && count(node.shape) <= LARGEST_KEPT) found.push(node)
  }
  return found
}

export const part = (node: Expr, index: number): Expr => apply('part', LOOP.part, [node], { index })

/** The gradient of each input of a loop, given those of its parts: the steps again, last first. */
function reverseLoop(node: Expr<LoopAttrs>, parts: readonly (Expr | undefined)[]): (Expr | null)[] {
  const { steps, states, locals, outputs } = node.attrs
  const [count, ...others] = node.inputs
  const [iteration, ...own] = locals
  // What every step had is there already, below one another: its states, what it kept, and the rows that it read.
  const stacks = new Map<Expr, Expr>()
  outputs.forEach((out, k) => {
    if (k >= states && out.op !== 'constant') stacks.set(out, part(node, k))
  })
  own.slice(0, states).forEach((x) => stacks.set(x, stateBefore(node, x)))
  for (const read of topological(outputs)) {
    const [from, at] = read.inputs
    const k = own.indexOf(from)
    if (read.op === 'gather' && at === iteration && k >= states && from.shape[0] === steps) stacks.set(read, others[k])
  }
  const step = stepGradient(node.attrs, (k) => k < states || parts[k] !== undefined, stacks)
  const carried = [...step.carried.keys()]
  const added = step.captured.flatMap((share) => ('each' in share ? [share] : []))
  const lagged = step.captured.flatMap((share) => ('held' in share ? [share] : []))
  const held = [...new Set(lagged.map((share) => share.held))]
  const collected = step.captured.flatMap((share) => ('scans' in share ? [share] : []))
  const zeros = (x: Expr) => broadcastTo(constant(0), x.shape)

  const back = loop({
    count,
    steps,
    state: [
      ...carried.map((x) => parts[own.indexOf(x)] ?? zeros(x)),
      ...[...added, ...lagged].map(({ of }) => zeros(of)),
      ...held.map(zeros),
    ],
    body(j, now) {
      const last = sub(cast(count, 'float'), 1)
      const at = cast(sub(last, cast(j, 'float')), 'int64')
      const meaning = new Map<Expr, Expr>([[iteration, at]])
      own.forEach((x, k) => k >= states && meaning.set(x, others[k]))
      stacks.forEach((stack, x) => meaning.set(x, gather(reverse(stack), j)))
      step.seeds.forEach((seed, k) => {
        if (seed !== undefined)
          meaning.set(seed, k < states ? now[carried.indexOf(own[k])] : gather(reverse(parts[k]!), j))
      })
      const before = now.slice(-held.length)
      const late = lagged.map(({ next, held: b }) => matmul(transpose(meaning.get(next)!), before[held.indexOf(b)]))
      const gradients = substitute([...step.carried.values(), ...added.map(({ each }) => each)], meaning)
      return {
        state: [
          ...[...gradients, ...late].map((g, k) => (k < carried.length ? g : add(now[k], g))),
          ...substitute(held, meaning),
        ],
        scan: substitute(
          collected.flatMap(({ scans }) => scans),
          meaning,
        ),
      }
    },
  })
  const totals = [...carried, ...[...added, ...lagged].map(({ of }) => of)]
  const found = new Map(totals.map((x, k) => [x, back.state[k]]))
  // The first step's share meets the state that the loop began with.
  for (const { of, state, held: b } of lagged) {
    const first = others[own.indexOf(state)]
    const last = back.state[totals.length + held.indexOf(b)]
    found.set(of, add(found.get(of)!, matmul(transpose(first), last)))
  }
  let taken = 0
  for (const { of, scans, total } of collected)
    found.set(of, total(back.scan.slice(taken, (taken += scans.length)), steps))
  return [null, ...own.map((x) => found.get(x) ?? null)]
}

/** What a state was before each step: [steps, ...]. */
function stateBefore(node: Expr<LoopAttrs>, state: Expr): Expr {
  const index = node.attrs.outputs.indexOf(state, node.attrs.states)
  if (index < 0) throw new Error('internal: take the gradient of a loop before it is simplified')
  return part(node, index)
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
