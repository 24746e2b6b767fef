import type { Dim, DType, Expr, Shape } from './expr.ts'
import type { AttributeValue, OnnxGraph, OnnxNode, OnnxTensor, OnnxValueInfo } from './onnx.ts'
import { ONNX_TYPE } from './onnx.ts'

type Scalar = Exclude<DType, 'tuple'>
type Scope = { nodes: OnnxNode[]; made: Set<string>; written: Map<string, string> }
/** Marks the name of a tensor whose first axis is meant the other way round. */
const REVERSED = '~'

/**
 * Builds an ONNX graph from expressions: names everything, keeps equal constants once, and computes symbolic sizes
 * once, outside of every loop. A loop's body sees the names of the graph around it.
 */
export class Emitter {
  private readonly root: Scope = { nodes: [], made: new Set(), written: new Map() }
  private scope = this.root
  private readonly tensors = new Map<string, { name: string; tensor: OnnxTensor }>()
  private readonly sizes = new Map<string, string>()
  private readonly inputs: OnnxValueInfo[]
  private count = 0
  /** Parts of loops by whether every reader reverses them. */
  private readonly backwards = new Map<string, boolean>()
  private readonly loops = new Map<Expr, number>()
  /** Results that hold their first axis the other way round. */
  private readonly flipped = new Set<string>()
  private readonly aliases = new Map<string, string>()

  constructor(inputs: OnnxValueInfo[]) {
    this.inputs = inputs
  }

  typeCode(dtype: Scalar): number {
    return ONNX_TYPE[dtype]
  }

  fresh(prefix: string): string {
    return `${prefix}_${this.count++}`
  }

  /** Adds a node of one result and returns the result's name. */
  node(type: string, inputs: readonly string[], attributes: Record<string, AttributeValue> = {}): string {
    const name = this.fresh(type)
    return this.nodeOf(type, inputs, [name], attributes)
  }

  /** Adds a node whose results are named by the caller; the first is returned. */
  nodeOf(
    type: string,
    inputs: readonly string[],
    outputs: string[],
    attributes: Record<string, AttributeValue>,
  ): string {
    this.scope.nodes.push({ type, name: outputs[0], inputs: [...inputs], outputs, attributes })
    for (const output of outputs) this.scope.made.add(output)
    return outputs[0]
  }

  /**
   * A tensor with its first axis the other way round. It is written only where `plain` asks for it: a scan takes a
   * reversed name as it is, and what is reversed twice is not reversed at all.
   */
  reversed(name: string): string {
    return name.startsWith(REVERSED) ? name.slice(REVERSED.length) : REVERSED + name
  }

  isReversed(name: string): boolean {
    return name.startsWith(REVERSED)
  }

  /** A name that any operation can read. */
  plain(name: string): string {
    if (!name.startsWith(REVERSED)) return name
    const { written } = this.scope
    const known = written.get(name)
    if (known !== undefined) return known
    const ends = [-1, Number.MIN_SAFE_INTEGER, 0, -1].map((v) => this.constant('int64', [1], [v]))
    const own = this.node('Slice', [this.reversed(name), ...ends])
    written.set(name, own)
    return own
  }

  constant(dtype: Scalar, shape: readonly number[], data: ArrayLike<number>): string {
    const values = Array.from(data)
    // Small ones, which the rules of operations write again and again, are kept once.
    const text = values.length > 64 ? this.fresh('large') : values.map((v) => (Object.is(v, -0) ? '-0' : v)).join()
    const key = `${dtype} [${shape.join()}] ${text}`
    let known = this.tensors.get(key)
    if (known === undefined) {
      known = { name: this.fresh('const'), tensor: { dtype, shape: [...shape], data: Float64Array.from(values) } }
      this.tensors.set(key, known)
    }
    return known.name
  }

  /** The size of a dimension: an int64 scalar. */
  dim(dim: Dim): string {
    if (typeof dim === 'number') return this.constant('int64', [], [dim])
    return this.once(dim, () => {
      const factors = dim.split('*')
      if (factors.length > 1)
        return factors
          .map((factor) => this.dim(/^\d+$/.test(factor) ? Number(factor) : factor))
          .reduce((a, b) => this.node('Mul', [a, b]))
      const source = this.inputs.find(({ shape }) => shape.includes(dim))
      if (source === undefined) throw new Error(`internal: no input tells the size of "${dim}"`)
      const axis = this.constant('int64', [], [source.shape.indexOf(dim)])
      return this.node('Gather', [this.node('Shape', [source.name]), axis], { axis: 0 })
    })
  }

  /** A shape as an int64 vector. */
  shape(shape: Shape): string {
    if (shape.every((dim) => typeof dim === 'number')) return this.constant('int64', [shape.length], shape)
    return this.once(`[${shape.join()}]`, () => {
      const axis = this.constant('int64', [1], [0])
      const sizes = shape.map((dim) =>
        typeof dim === 'number' ? this.constant('int64', [1], [dim]) : this.node('Unsqueeze', [this.dim(dim), axis]),
      )
      return this.node('Concat', sizes, { axis: 0 })
    })
  }

  /** Writes expressions whose leaves are bound to names; returns the names of `roots`, in the current scope. */
  write(order: readonly Expr[], bindings: ReadonlyMap<Expr, string>): Map<Expr, string> {
    const names = new Map(bindings)
    // A scan that is only read backwards is collected backwards.
    for (const node of order)
      for (const input of node.inputs) {
        if (input.op !== 'part') continue
        const key = this.partKey(input.inputs[0], (input.attrs as { index: number }).index)
        this.backwards.set(key, node.op === 'reverse' && this.backwards.get(key) !== false)
      }
    for (const node of order) {
      if (names.has(node)) continue
      const inputs = node.inputs.map((input) => names.get(input)!)
      // Loops and reversals know what to do with a reversed name.
      const lazy = node.op === 'loop' || node.op === 'reverse'
      names.set(node, node.rule.onnx(this, node, lazy ? inputs : inputs.map((name) => this.plain(name))))
    }
    return names
  }

  /** Whether all readers of one result of a loop reverse it. */
  readBackwards(loop: Expr, index: number): boolean {
    return this.backwards.get(this.partKey(loop, index)) === true
  }

  /** Says that a result was written the other way round. */
  flip(name: string): void {
    this.flipped.add(name)
  }

  /** The name to use for a result. */
  result(name: string): string {
    const own = this.aliases.get(name) ?? name
    return this.flipped.has(own) ? this.reversed(own) : own
  }

  /** Says that a result is another one. */
  alias(name: string, same: string): void {
    this.aliases.set(name, same)
  }

  private partKey(loop: Expr, index: number): string {
    if (!this.loops.has(loop)) this.loops.set(loop, this.loops.size)
    return `${this.loops.get(loop)}.${index}`
  }

  /** A graph inside a node: `fill` writes it and names its results, which become results of the graph, in order. */
  subgraph(inputs: OnnxValueInfo[], fill: () => { name: string; dtype: Scalar; shape: Shape }[]): OnnxGraph {
    const outer = this.scope
    this.scope = { nodes: [], made: new Set(), written: new Map() }
    try {
      const outputs = this.results(fill().map((result) => ({ ...result, name: this.plain(result.name) })))
      return { name: this.fresh('body'), inputs, outputs, nodes: this.scope.nodes, tensors: [] }
    } finally {
      this.scope = outer
    }
  }

  /** The whole graph; results keep the given names. */
  graph(name: string, outputs: { as: string; name: string; dtype: Scalar; shape: Shape }[]): OnnxGraph {
    const infos = outputs.map(({ as, name: from, dtype, shape }) => {
      this.nodeOf('Identity', [this.plain(from)], [as], {})
      return { name: as, dtype, shape }
    })
    return {
      name,
      inputs: this.inputs,
      outputs: infos,
      nodes: this.root.nodes,
      tensors: [...this.tensors.values()].map(({ name: id, tensor }) => ({ name: id, ...tensor })),
    }
  }

  /** A graph's result must be made inside it, and be one result only. */
  private results(outputs: { name: string; dtype: Scalar; shape: Shape }[]): OnnxValueInfo[] {
    const used = new Set<string>()
    return outputs.map(({ name, dtype, shape }) => {
      const own = this.scope.made.has(name) && !used.has(name) ? name : this.node('Identity', [name])
      used.add(own)
      return { name: own, dtype, shape }
    })
  }

  /** Writes something into the outermost graph, the first time it is asked for. */
  private once(key: string, make: () => string): string {
    const known = this.sizes.get(key)
    if (known !== undefined) return known
    const inner = this.scope
    this.scope = this.root
    const name = make()
    this.scope = inner
    this.sizes.set(key, name)
    return name
  }
}
