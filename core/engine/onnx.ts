import { utf8ToBytes } from '@noble/hashes/utils.js'
import { PbfWriter } from 'pbf'
import type { DType, Shape } from './expr.ts'
import { UNKNOWN } from './expr.ts'

/**
 * The ONNX file format, as far as Engram writes it: a model of one graph, IR version 8, operator set 17. Field numbers
 * are those of onnx.proto (github.com/onnx/onnx, Apache 2.0). Set 17 has all we need, and is the newest that Debian 12
 * and OpenCV 4.6 can check and read.
 */
const IR_VERSION = 8
const OPSET = 17

type Scalar = Exclude<DType, 'tuple'>
export const ONNX_TYPE: Record<Scalar, number> = { float: 1, int64: 7, bool: 9 }

export type OnnxTensor = { dtype: Scalar; shape: number[]; data: Float64Array }
export type OnnxValueInfo = { name: string; dtype: Scalar; shape: Shape }
/** A number is written as an integer attribute; all of ours are. */
export type AttributeValue = number | string | readonly number[] | OnnxGraph
export type OnnxNode = {
  type: string
  name: string
  inputs: string[]
  outputs: string[]
  attributes: Record<string, AttributeValue>
}
export type OnnxGraph = {
  name: string
  inputs: OnnxValueInfo[]
  outputs: OnnxValueInfo[]
  nodes: OnnxNode[]
  tensors: (OnnxTensor & { name: string })[]
}

/** The bytes of a .onnx file. */
export function encodeModel(graph: OnnxGraph, metadata: Record<string, string> = {}): Uint8Array {
  const pbf = new PbfWriter()
  pbf.writeVarintField(1, IR_VERSION)
  pbf.writeStringField(2, 'engram')
  pbf.writeMessage(7, writeGraph, graph)
  pbf.writeMessage(8, (version, out) => out.writeVarintField(2, version), OPSET)
  for (const entry of Object.entries(metadata)) pbf.writeMessage(14, writeEntry, entry)
  return pbf.finish()
}

function writeEntry([key, value]: [string, string], pbf: PbfWriter): void {
  pbf.writeStringField(1, key)
  pbf.writeStringField(2, value)
}

function writeGraph(graph: OnnxGraph, pbf: PbfWriter): void {
  for (const node of graph.nodes) pbf.writeMessage(1, writeNode, node)
  pbf.writeStringField(2, graph.name)
  for (const tensor of graph.tensors) pbf.writeMessage(5, writeTensor, tensor)
  for (const info of graph.inputs) pbf.writeMessage(11, writeValueInfo, info)
  for (const info of graph.outputs) pbf.writeMessage(12, writeValueInfo, info)
}

function writeNode(node: OnnxNode, pbf: PbfWriter): void {
  for (const name of node.inputs) pbf.writeStringField(1, name)
  for (const name of node.outputs) pbf.writeStringField(2, name)
  pbf.writeStringField(3, node.name)
  pbf.writeStringField(4, node.type)
  for (const entry of Object.entries(node.attributes)) pbf.writeMessage(5, writeAttribute, entry)
}

function writeAttribute([name, value]: [string, AttributeValue], pbf: PbfWriter): void {
  const kind = typeof value === 'number' ? 2 : typeof value === 'string' ? 3 : isGraph(value) ? 5 : 7
  pbf.writeStringField(1, name)
  if (typeof value === 'number') pbf.writeVarintField(3, value)
  else if (typeof value === 'string') pbf.writeBytesField(4, utf8ToBytes(value))
  else if (isGraph(value)) pbf.writeMessage(6, writeGraph, value)
  else for (const item of value) pbf.writeVarintField(8, item)
  pbf.writeVarintField(20, kind)
}

const isGraph = (value: AttributeValue): value is OnnxGraph => typeof value === 'object' && 'nodes' in value

function writeTensor({ name, dtype, shape, data }: OnnxTensor & { name: string }, pbf: PbfWriter): void {
  for (const dim of shape) pbf.writeVarintField(1, dim)
  pbf.writeVarintField(2, ONNX_TYPE[dtype])
  pbf.writeStringField(8, name)
  pbf.writeBytesField(9, rawBytes(dtype, data))
}

/** Little-endian, whatever the machine. */
function rawBytes(dtype: Scalar, data: Float64Array): Uint8Array {
  const width = { float: 4, int64: 8, bool: 1 }[dtype]
  const view = new DataView(new ArrayBuffer(data.length * width))
  for (let i = 0; i < data.length; i++) {
    if (dtype === 'float') view.setFloat32(i * 4, data[i], true)
    else if (dtype === 'int64') view.setBigInt64(i * 8, BigInt(data[i]), true)
    else view.setUint8(i, data[i])
  }
  return new Uint8Array(view.buffer)
}

function writeValueInfo({ name, dtype, shape }: OnnxValueInfo, pbf: PbfWriter): void {
  pbf.writeStringField(1, name)
  pbf.writeMessage(2, writeType, { dtype, shape })
}

function writeType(type: { dtype: Scalar; shape: Shape }, pbf: PbfWriter): void {
  pbf.writeMessage(1, writeTensorType, type)
}

function writeTensorType({ dtype, shape }: { dtype: Scalar; shape: Shape }, pbf: PbfWriter): void {
  pbf.writeVarintField(1, ONNX_TYPE[dtype])
  pbf.writeMessage(2, writeShape, shape)
}

function writeShape(shape: Shape, pbf: PbfWriter): void {
  for (const dim of shape)
    pbf.writeMessage(
      1,
      (value, out) => {
        if (typeof value === 'number') out.writeVarintField(1, value)
        else if (!value.includes(UNKNOWN)) out.writeStringField(2, value)
      },
      dim,
    )
}
