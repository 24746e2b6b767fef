import type { Emitter } from '../emitter.ts'
import type { Expr } from '../expr.ts'
import { topological } from '../expr.ts'
import type { LoopAttrs } from './loop.ts'

/**
 * A loop as ONNX writes it. Where the number of steps is fixed and the body takes rows of something step by step, it is
 * a Scan: rows are handed in and collected without copying, in either direction. Otherwise it is a Loop.
 */
type Scalar = 'float' | 'int64' | 'bool'
const info = (name: string, { dtype, shape }: Expr) => ({ name, dtype: dtype as Scalar, shape })

export function writeLoop(emit: Emitter, node: Expr<LoopAttrs>, [count, ...names]: string[]): string {
  const rows = rowReads(node)
  return rows.size > 0 ? writeScan(emit, node, names, rows) : writePlain(emit, node, emit.plain(count), names)
}

function writePlain(emit: Emitter, { attrs }: Expr<LoopAttrs>, count: string, names: string[]): string {
  const { states, locals, outputs } = attrs
  const plain = names.map((name) => emit.plain(name))
  const [iteration, ...others] = locals
  const carried = others.slice(0, states)
  const bindings = new Map<Expr, string>([[iteration, emit.fresh('i')]])
  const go = emit.fresh('go')
  carried.forEach((state) => bindings.set(state, emit.fresh('state')))
  others.slice(states).forEach((captured, k) => bindings.set(captured, plain[states + k]))
  const first = [iteration, ...carried].map((own) => info(bindings.get(own)!, own))
  const body = emit.subgraph([first[0], { name: go, dtype: 'bool', shape: [] }, ...first.slice(1)], () => {
    const made = emit.write(topological(outputs), bindings)
    return [{ name: go, dtype: 'bool', shape: [] }, ...outputs.map((out) => info(made.get(out)!, out))]
  })
  const base = emit.fresh('Loop')
  const results = outputs.map((_, k) => `${base}.${k}`)
  return emit.nodeOf('Loop', [count, '', ...plain.slice(0, states)], results, { body })
}

/** What the body reads only as "the row of this step", with the nodes that read it. */
function rowReads({ inputs, attrs }: Expr<LoopAttrs>): Map<Expr, Expr[]> {
  const { steps, states, locals, outputs } = attrs
  const found = new Map<Expr, Expr[]>()
  if (typeof steps !== 'number' || steps < 1 || inputs[0].op !== 'constant') return found
  const [iteration, ...others] = locals
  const order = topological(outputs)
  for (const own of others.slice(states)) {
    if (own.shape[0] !== steps || outputs.includes(own)) continue
    const by = order.filter((node) => node.inputs.includes(own))
    if (by.every((node) => node.op === 'gather' && node.inputs[0] === own && node.inputs[1] === iteration))
      found.set(own, by)
  }
  return found
}

function writeScan(
  emit: Emitter,
  node: Expr<LoopAttrs>,
  names: string[],
  rows: ReadonlyMap<Expr, readonly Expr[]>,
): string {
  const { steps, states, locals, outputs } = node.attrs
  const [iteration, ...others] = locals
  const bindings = new Map<Expr, string>()
  const heads: ReturnType<typeof info>[] = []
  const inputs: string[] = []
  const directions: number[] = []
  for (const [k, own] of others.entries()) {
    const reads = rows.get(own)
    if (k < states || reads) bindings.set(own, emit.fresh(k < states ? 'state' : 'row'))
    else bindings.set(own, emit.plain(names[k]))
    if (k < states) {
      heads.push(info(bindings.get(own)!, own))
      inputs.push(emit.plain(names[k]))
    } else if (reads) {
      reads.forEach((read) => bindings.set(read, bindings.get(own)!))
      heads.push({ ...info(bindings.get(own)!, own), shape: own.shape.slice(1) })
      const back = emit.isReversed(names[k])
      inputs.push(back ? emit.reversed(names[k]) : names[k])
      directions.push(Number(back))
    }
  }
  bindings.set(iteration, emit.fresh('i'))
  if (readsAlone(outputs, iteration, rows)) {
    heads.push(info(bindings.get(iteration)!, iteration))
    inputs.push(
      emit.constant(
        'int64',
        [steps as number],
        Array.from({ length: steps as number }, (_, i) => i),
      ),
    )
    directions.push(0)
  }
  // What is collected twice is collected once.
  const same = (k: number) => (k < states ? k : outputs.indexOf(outputs[k], states))
  const written = outputs.map((_, k) => k).filter((k) => same(k) === k)
  const base = emit.fresh('Scan')
  const name = (k: number) => `${base}.${k}`
  const body = emit.subgraph(heads, () => {
    const made = emit.write(topological(outputs), bindings)
    return written.map((k) => info(made.get(outputs[k])!, outputs[k]))
  })
  const back = written
    .slice(states)
    .map((k) => outputs.every((out, other) => out !== outputs[k] || other < states || emit.readBackwards(node, other)))
  const results = written.map((k) => name(k))
  outputs.forEach((_, k) => same(k) !== k && emit.alias(name(k), name(same(k))))
  emit.nodeOf('Scan', inputs, results, {
    body,
    num_scan_inputs: directions.length,
    scan_input_directions: directions,
    ...(back.length > 0 ? { scan_output_directions: back.map(Number) } : {}),
  })
  back.forEach((reversed, k) => reversed && emit.flip(results[states + k]))
  return results[0]
}

/** Whether anything but a row read uses the iteration. */
function readsAlone(outputs: readonly Expr[], iteration: Expr, rows: ReadonlyMap<Expr, readonly Expr[]>): boolean {
  const reads = new Set([...rows.values()].flat())
  return (
    outputs.includes(iteration) || topological(outputs).some((own) => own.inputs.includes(iteration) && !reads.has(own))
  )
}
