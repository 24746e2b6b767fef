import { evaluate } from './evaluate.ts'
import type { Expr } from './expr.ts'
import { topological } from './expr.ts'
import type { InputAttrs } from './ops/leaf.ts'
import type { Program, Runtime, Session, Tensor } from './runtime.ts'
import { checkFeeds } from './runtime.ts'
import type { Value } from './value.ts'

/** The truth the other runtimes are measured against: every operation in plain loops, in double precision. */
export function referenceRuntime(): Runtime {
  return {
    kind: 'reference',
    version: 'engram reference (float64)',
    load: (program) => Promise.resolve(session(program)),
    close: () => Promise.resolve(),
  }
}

function session(program: Program): Session {
  const graph = program.graph as Record<string, Expr>
  const roots = Object.values(graph)
  const leaves = topological(roots).filter((node) => node.op === 'input') as Expr<InputAttrs>[]
  return {
    async run(feeds) {
      const sizes = checkFeeds(program, feeds)
      const values = evaluate(roots, new Map(leaves.map((leaf) => [leaf, toValue(feeds[leaf.attrs.name])])), sizes)
      return Object.fromEntries(program.outputs.map(({ name, dtype }, k) => [name, toTensor(values[k], dtype)]))
    },
    release: () => Promise.resolve(),
  }
}

const toValue = ({ shape, data }: Tensor): Value => ({
  shape,
  data: data instanceof BigInt64Array ? Float64Array.from(data, Number) : Float64Array.from(data),
})

function toTensor({ shape, data }: Value, dtype: 'float' | 'int64' | 'bool'): Tensor {
  if (dtype === 'int64') return { shape: [...shape], data: BigInt64Array.from(data, (v) => BigInt(v)) }
  return { shape: [...shape], data: dtype === 'bool' ? Uint8Array.from(data) : Float64Array.from(data) }
}
