import { UserError } from '../../../core/errors.ts'

/**
 * NumPy's array format (NEP 1): "\x93NUMPY", version, length of the heading, a heading
 *   {'descr': '<f4', 'fortran_order': False, 'shape': (100, 28, 28), }
 * and the numbers, nothing else. Read into numbers or words; every length is checked before anything is allocated.
 */
export type NpyArray = {
  shape: number[]
  /** Kind and bytes of an element: u1, i4, f8, b1, U12, S5. */
  type: string
  /** In C order (last axis fastest), whatever the file's order; words for U and S. */
  values: Float64Array | Float32Array | string[]
}

const MAX_HEADING = 65_536
const MAX_AXES = 8
/** Elements of an array, at most: 268 million. */
const MAX_ELEMENTS = 2 ** 28

export const isNpy = (head: Uint8Array): boolean =>
  head[0] === 0x93 && String.fromCharCode(...head.subarray(1, 6)) === 'NUMPY'

export function parseNpy(who: string, bytes: Uint8Array): NpyArray {
  if (bytes.length < 10 || !isNpy(bytes)) refuse(who, 'bytes that do not begin as an array does')
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const major = bytes[6]
  if (major < 1 || major > 3) refuse(who, `version ${major}`)
  const from = major === 1 ? 10 : 12
  if (bytes.length < from) refuse(who, 'a file that ends within its heading')
  const long = major === 1 ? view.getUint16(8, true) : view.getUint32(8, true)
  if (long > MAX_HEADING || from + long > bytes.length) refuse(who, `a heading of ${long} bytes`)
  const { descr, fortran, shape } = heading(who, new TextDecoder('utf-8').decode(bytes.subarray(from, from + long)))
  const match = /^([<>|=])([biufUSOVcmM])(\d{0,4})/.exec(descr)
  if (!match) refuse(who, `elements of type ${descr.slice(0, 40)}`)
  const [, order, kind, digits] = match as unknown as [string, string, string, string]
  if (kind === 'O')
    throw new UserError({
      code: 'import.npy-object',
      who,
      rule: 'An array must hold numbers or words, not Python objects: reading those can run what a stranger wrote.',
      got: 'an array of objects',
      remedy: 'In Python, save np.asarray(x, dtype=float) or dtype=str instead.',
    })
  const size = Number(digits) * (kind === 'U' ? 4 : 1)
  const read = readerOf(kind, Number(digits))
  if (!read) refuse(who, `elements of type ${descr.slice(0, 40)}`)
  const count = shape.reduce((all, dim) => all * dim, 1)
  if (count > MAX_ELEMENTS || from + long + count * size !== bytes.length)
    refuse(
      who,
      `${bytes.length - from - long} bytes where shape (${shape.join(', ')}) of ${descr} needs ${count * size}`,
    )
  const type = `${kind}${digits}`
  const data = new DataView(bytes.buffer, bytes.byteOffset + from + long, count * size)
  const little = order !== '>'
  if (kind === 'U' || kind === 'S') {
    const words = Array.from({ length: count }, (_, i) => wordAt(data, i * size, kind, Number(digits), little))
    return { shape, type, values: fortran ? cOrder(words, shape, new Array<string>(count)) : words }
  }
  const values = size <= 2 || type === 'f4' ? new Float32Array(count) : new Float64Array(count)
  for (let i = 0; i < count; i++) values[i] = (read as Reader)(data, i * size, little)
  return { shape, type, values: fortran ? cOrder(values, shape, values.slice()) : values }
}

type Reader = (data: DataView, at: number, little: boolean) => number

/** Wide integers above 2^53 lose their last digits, as they would in any table of doubles. */
function readerOf(kind: string, size: number): Reader | null {
  switch (`${kind}${size}`) {
    case 'b1':
    case 'u1':
      return (d, at) => d.getUint8(at)
    case 'i1':
      return (d, at) => d.getInt8(at)
    case 'u2':
      return (d, at, little) => d.getUint16(at, little)
    case 'i2':
      return (d, at, little) => d.getInt16(at, little)
    case 'u4':
      return (d, at, little) => d.getUint32(at, little)
    case 'i4':
      return (d, at, little) => d.getInt32(at, little)
    case 'u8':
      return (d, at, little) => Number(d.getBigUint64(at, little))
    case 'i8':
      return (d, at, little) => Number(d.getBigInt64(at, little))
    case 'f2':
      return (d, at, little) => half(d.getUint16(at, little))
    case 'f4':
      return (d, at, little) => d.getFloat32(at, little)
    case 'f8':
      return (d, at, little) => d.getFloat64(at, little)
    default:
      return (kind === 'U' || kind === 'S') && size > 0 && size <= 4096 ? () => NaN : null
  }
}

/** IEEE half precision. */
function half(bits: number): number {
  const [exponent, fraction] = [(bits >> 10) & 31, bits & 1023]
  const sign = bits & 0x8000 ? -1 : 1
  if (exponent === 0) return sign * fraction * 2 ** -24
  if (exponent === 31) return fraction ? NaN : sign * Infinity
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}

function wordAt(data: DataView, at: number, kind: string, length: number, little: boolean): string {
  if (kind === 'S') {
    const bytes = new Uint8Array(data.buffer, data.byteOffset + at, length)
    const end = bytes.indexOf(0)
    return new TextDecoder('utf-8').decode(end < 0 ? bytes : bytes.subarray(0, end))
  }
  let text = ''
  for (let i = 0; i < length; i++) {
    const code = data.getUint32(at + 4 * i, little)
    if (code === 0) break
    text += code > 0x10ffff ? '\ufffd' : String.fromCodePoint(code)
  }
  return text
}

/** First axis fastest to last axis fastest. */
function cOrder<T extends { [i: number]: unknown }>(values: T, shape: number[], out: T): T {
  const count = shape.reduce((all, dim) => all * dim, 1)
  const at = shape.map(() => 0)
  for (let c = 0; c < count; c++) {
    let f = 0
    for (let axis = shape.length - 1; axis >= 0; axis--) f = f * shape[axis] + at[axis]
    out[c] = values[f]
    for (let axis = shape.length - 1; axis >= 0 && ++at[axis] === shape[axis]; axis--) at[axis] = 0
  }
  return out
}

function heading(who: string, text: string): { descr: string; fortran: boolean; shape: number[] } {
  const descr = /'descr'\s*:\s*'([^']*)'/.exec(text)?.[1]
  const fortran = /'fortran_order'\s*:\s*(True|False)/.exec(text)?.[1]
  const dims = /'shape'\s*:\s*\(([\d\s,L]*)\)/.exec(text)?.[1]
  if (/'descr'\s*:\s*\[/.test(text)) refuse(who, 'an array of records')
  if (descr === undefined || fortran === undefined || dims === undefined) refuse(who, 'a heading without type or shape')
  const shape = (dims as string)
    .split(',')
    .map((dim) => dim.replace('L', '').trim())
    .filter((dim) => dim !== '')
    .map(Number)
  if (shape.length > MAX_AXES || !shape.every((dim) => Number.isSafeInteger(dim) && dim <= MAX_ELEMENTS))
    refuse(who, `a shape (${(dims as string).slice(0, 60)})`)
  return { descr: descr as string, fortran: fortran === 'True', shape }
}

function refuse(who: string, got: string): never {
  throw new UserError({
    code: 'import.npy',
    who,
    rule: 'It must be a whole NumPy array of numbers or words.',
    got,
    remedy: 'Save it again with np.save or np.savez_compressed, as plain numbers.',
  })
}
