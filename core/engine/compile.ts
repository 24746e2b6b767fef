import { Emitter } from './emitter.ts'
import type { Expr } from './expr.ts'
import { sameShape, topological } from './expr.ts'
import { encodeModel } from './onnx.ts'
import type { InputAttrs } from './ops/leaf.ts'
import { print, structuralKey } from './print.ts'
import { prune } from './prune.ts'
import type { Program } from './runtime.ts'
import { simplify } from './simplify.ts'

export type CompileOptions = {
  /** Rewrite the graph first (default: yes). */
  simplify?: boolean
  /** Join products of equal shape to batches (default: yes). Files for other programs are read by more without. */
  batch?: boolean
  /** Text put into the ONNX file. */
  metadata?: Record<string, string>
}

function pruned(outputs: Readonly<Record<string, Expr>>): Record<string, Expr> {
  const roots = prune(Object.values(outputs))
  return Object.fromEntries(Object.keys(outputs).map((name, k) => [name, roots[k]]))
}

/** A graph made ready to run: what must be fed, what comes out, and the bytes of its ONNX file. */
export function compile(outputs: Readonly<Record<string, Expr>>, options: CompileOptions = {}): Program {
  const graph = options.simplify === false ? pruned(outputs) : simplify(outputs, options.batch)
  const order = topological(Object.values(graph))
  const leaves = order.filter((node) => node.op === 'input') as Expr<InputAttrs>[]
  const inputs = new Map<string, InputAttrs>()
  for (const { attrs } of leaves) {
    const known = inputs.get(attrs.name)
    if (known !== undefined && (known.dtype !== attrs.dtype || !sameShape(known.shape, attrs.shape)))
      throw new Error(`internal: two different inputs are named ${attrs.name}`)
    inputs.set(attrs.name, attrs)
  }
  for (const [name, expr] of Object.entries(graph)) {
    if (expr.dtype === 'tuple') throw new Error(`internal: output ${name} is a loop, not one of its parts`)
    if (inputs.has(name)) throw new Error(`internal: ${name} is the name of an input and of an output`)
  }
  const describe = ({ name, shape, dtype }: { name: string; shape: readonly (number | string)[]; dtype: string }) => ({
    name,
    shape: [...shape],
    dtype: dtype as 'float' | 'int64' | 'bool',
  })
  const inputInfos = [...inputs.values()].map(describe)
  const outputInfos = Object.entries(graph).map(([name, { shape, dtype }]) => describe({ name, shape, dtype }))

  let bytes: Uint8Array | null = null
  const encode = () => {
    const emitter = new Emitter(inputInfos)
    const names = emitter.write(order, new Map(leaves.map((leaf) => [leaf, leaf.attrs.name])))
    const results = outputInfos.map((info) => ({ ...info, as: info.name, name: names.get(graph[info.name])! }))
    return encodeModel(emitter.graph('engram', results), options.metadata)
  }
  return {
    key: structuralKey(graph),
    inputs: inputInfos,
    outputs: outputInfos,
    onnx: () => (bytes ??= encode()),
    text: () => print(graph),
    graph,
  }
}
