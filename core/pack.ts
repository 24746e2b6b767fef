import { UserError } from './errors.ts'

/**
 * One small binary container for everything a trial keeps: models, checkpoints, predictions. Little-endian:
 *   "EGP1" | uint32 bytes of JSON | JSON {header, arrays: [[name, type, length]]} | pad to 8 | arrays, each padded to 8
 * The JSON is plain ASCII, other letters escaped.
 * Files come from other people and may be damaged or hostile, so `unpack` checks every length before it reads, and
 * `take` checks the type and length of every array before it is used.
 */
export type PackedArray = Float32Array | Float64Array | Int32Array | Uint8Array
export type Unpacked = { header: unknown; arrays: Map<string, PackedArray> }

const MAGIC = 0x31504745 // "EGP1"
const MAX_JSON = 64 * 2 ** 20
const TYPES = { f32: Float32Array, f64: Float64Array, i32: Int32Array, u8: Uint8Array } as const
export type ArrayType = keyof typeof TYPES
type ArrayOf<T extends ArrayType> = InstanceType<(typeof TYPES)[T]>

const padded = (bytes: number) => Math.ceil(bytes / 8) * 8

function typeOf(array: PackedArray): ArrayType {
  if (array instanceof Float32Array) return 'f32'
  if (array instanceof Float64Array) return 'f64'
  if (array instanceof Int32Array) return 'i32'
  return 'u8'
}

/** `header` is anything JSON can say; `arrays` are copied. The same arguments give the same bytes. */
export function pack(header: unknown, arrays: Record<string, PackedArray> = {}): Uint8Array {
  const entries = Object.entries(arrays)
  const about = entries.map(([name, array]) => [name, typeOf(array), array.length])
  const json = toAscii(JSON.stringify({ header, arrays: about }))
  const start = padded(8 + json.length)
  const bytes = new Uint8Array(entries.reduce((sum, [, array]) => sum + padded(array.byteLength), start))
  const view = new DataView(bytes.buffer)
  view.setUint32(0, MAGIC, true)
  view.setUint32(4, json.length, true)
  bytes.set(json, 8)
  let at = start
  for (const [, array] of entries) {
    bytes.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), at)
    at += padded(array.byteLength)
  }
  return bytes
}

/** Throws a UserError `damaged-pack` where the bytes are not a whole container. */
export function unpack(bytes: Uint8Array): Unpacked {
  if (bytes.length < 8) throw damaged(`${bytes.length} bytes`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (view.getUint32(0, true) !== MAGIC) throw damaged('another kind of file')
  const size = view.getUint32(4, true)
  if (size > MAX_JSON || 8 + size > bytes.length) throw damaged('a heading longer than the file')
  const { header, about } = readHeading(bytes.subarray(8, 8 + size))
  const arrays = new Map<string, PackedArray>()
  // A Node Buffer's own `slice` shares its memory; that of the plain array copies, which aligns and sets free.
  const plain = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)
  let at = padded(8 + size)
  for (const entry of about) {
    const { name, type, length } = readEntry(entry)
    const bytesLong = length * TYPES[type].BYTES_PER_ELEMENT
    if (at + bytesLong > bytes.length) throw damaged(`an array "${name}" longer than the file`)
    if (arrays.has(name)) throw damaged(`two arrays named "${name}"`)
    arrays.set(name, new TYPES[type](plain.slice(at, at + bytesLong).buffer))
    at += padded(bytesLong)
  }
  return { header, arrays }
}

/** The array of this name, checked: type and, where given, length. */
export function take<T extends ArrayType>(from: Unpacked, name: string, type: T, length?: number): ArrayOf<T> {
  const array = from.arrays.get(name)
  if (!array) throw damaged(`no array "${name}"`)
  if (!(array instanceof TYPES[type])) throw damaged(`an array "${name}" of another type than ${type}`)
  if (length !== undefined && array.length !== length)
    throw damaged(`${array.length} numbers in "${name}" where ${length} belong`)
  return array as ArrayOf<T>
}

function toAscii(text: string): Uint8Array {
  const plain = text.replace(/[^\x00-\x7f]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)
  return Uint8Array.from(plain, (c) => c.charCodeAt(0))
}

function fromAscii(bytes: Uint8Array): string {
  let text = ''
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192))
  return text
}

function readHeading(json: Uint8Array): { header: unknown; about: unknown[] } {
  let parsed: unknown
  try {
    parsed = JSON.parse(fromAscii(json))
  } catch {
    throw damaged('a heading that is not JSON')
  }
  const { header, arrays } = (parsed ?? {}) as { header?: unknown; arrays?: unknown }
  if (!Array.isArray(arrays)) throw damaged('a heading without its list of arrays')
  return { header, about: arrays }
}

function readEntry(entry: unknown): { name: string; type: ArrayType; length: number } {
  const [name, type, length] = Array.isArray(entry) ? (entry as unknown[]) : []
  if (typeof name !== 'string' || typeof type !== 'string' || !Object.hasOwn(TYPES, type))
    throw damaged('an array of unknown type')
  if (!Number.isInteger(length) || (length as number) < 0) throw damaged(`an array "${name}" without a length`)
  return { name, type: type as ArrayType, length: length as number }
}

export function damaged(got: string): UserError {
  return new UserError({
    code: 'damaged-pack',
    who: 'Stored model or result',
    rule: 'must be a whole Engram container.',
    got,
    remedy: 'Run the experiment again, or restore the workspace from a copy.',
  })
}
