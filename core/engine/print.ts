import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'
import type { Expr } from './expr.ts'
import { topological } from './expr.ts'
import type { ConstantAttrs, InputAttrs } from './ops/leaf.ts'
import type { LoopAttrs } from './ops/loop.ts'

/** Graphs as text: one line per node, equal text for equal graphs. Golden files and program keys are made of it. */
export function print(outputs: Readonly<Record<string, Expr>>): string {
  const names = Object.keys(outputs)
  const roots = Object.values(outputs)
  return lines(roots, names).join('\n') + '\n'
}

function lines(roots: readonly Expr[], as: readonly string[]): string[] {
  const names = new Map<Expr, string>()
  const out: string[] = []
  let count = 0
  for (const node of topological(roots)) {
    if (node.op === 'constant') names.set(node, constantText(node.attrs as ConstantAttrs))
    else if (node.op === 'local') names.set(node, (node.attrs as InputAttrs).name)
    else {
      const name = `%${count++}`
      names.set(node, name)
      const inputs = node.inputs.map((input) => names.get(input)!).join(', ')
      out.push(`${name}: ${typeText(node)} = ${node.op}(${inputs})${attrsText(node)}`)
      if (node.op === 'loop') out.push(...bodyLines(node.attrs as LoopAttrs).map((line) => `  ${line}`))
    }
  }
  roots.forEach((root, k) => out.push(`${as[k]} = ${names.get(root)!}`))
  return out
}

function bodyLines({ locals, outputs, states }: LoopAttrs): string[] {
  const head = locals.map((own) => `${(own.attrs as InputAttrs).name}: ${typeText(own)}`).join(', ')
  const tail = outputs.map((_, k) => (k < states ? `s${k}` : `scan${k - states}`))
  return [`(${head})`, ...lines(outputs, tail)]
}

const typeText = (node: Expr): string => (node.dtype === 'tuple' ? 'tuple' : `${node.dtype}[${node.shape.join()}]`)

/** Small constants as they are, larger ones by their hash. */
function constantText({ shape, dtype, data }: ConstantAttrs): string {
  const type = dtype === 'float' ? '' : dtype
  if (shape.length === 0) return type + number(data[0])
  if (data.length <= 6) return `${type}[${shape.join()}]{${[...data].map(number).join(' ')}}`
  return `${type}[${shape.join()}]#${hashOf(data)}`
}

const hashes = new WeakMap<Float64Array, string>()
function hashOf(data: Float64Array): string {
  const known = hashes.get(data)
  if (known !== undefined) return known
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  const hash = bytesToHex(sha256(bytes)).slice(0, 32)
  hashes.set(data, hash)
  return hash
}

const number = (x: number): string => (Object.is(x, -0) ? '-0' : String(x))

/** What distinguishes a node beside its operation, inputs and body. */
function attrsText(node: Expr): string {
  const hidden = node.op === 'loop' ? ['locals', 'outputs'] : node.op === 'input' ? ['shape', 'dtype'] : ['shape']
  const shown = Object.entries(node.attrs as object).filter(([key]) => !hidden.includes(key))
  if (shown.length === 0) return ''
  return ` {${shown.map(([key, value]) => `${key}: ${Array.isArray(value) ? value.join(' ') : value}`).join(', ')}}`
}

/** The text of all that a node is, apart from its inputs: nodes with equal texts and equal inputs are equal. */
export function signature(node: Expr): string {
  if (node.op === 'constant') return constantText(node.attrs as ConstantAttrs)
  const head = `${node.op} ${typeText(node)}${attrsText(node)}`
  return node.op === 'loop' ? [head, ...bodyLines(node.attrs as LoopAttrs)].join('\n') : head
}

/** A key of the graph's structure, the same in every process. */
export const structuralKey = (outputs: Readonly<Record<string, Expr>>): string =>
  bytesToHex(sha256(utf8ToBytes(print(outputs)))).slice(0, 32)
