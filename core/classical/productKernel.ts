/**
 * The products of the columns of some rows, in WebAssembly: sums_jk += sum_r right_rj left_rk for the tiles of four by four
 * on and below the diagonal. Two columns at a time are one vector, eight running sums stay in registers. Vectors of
 * WebAssembly round like numbers of JavaScript on every processor, so the bits are the same everywhere.
 *
 * The module is written out below as it is read by the binary format (WebAssembly Core Specification 2.0, chapter 5):
 * a function is a list of bytes, and the helpers are named after the instructions.
 */
/** Columns come in whole tiles. */
export const TILE = 4
const PAGE = 65_536

type Code = number[]
const unsigned = (n: number): Code => (n < 128 ? [n] : [(n & 127) | 128, ...unsigned(n >>> 7)])
const signed = (n: number): Code => {
  const [low, rest] = [n & 127, n >> 7]
  return (rest === 0 && !(low & 64)) || (rest === -1 && low & 64) ? [low] : [low | 128, ...signed(rest)]
}
const vector = (items: Code[]): Code => [...unsigned(items.length), ...items.flat()]
const section = (id: number, body: Code): Code => [id, ...unsigned(body.length), ...body]
const [I32, V128, FUNCTION, EMPTY] = [0x7f, 0x7b, 0x60, 0x40]

const get = (local: number): Code => [0x20, ...unsigned(local)]
const set = (local: number, value: Code): Code => [...value, 0x21, ...unsigned(local)]
const constant = (n: number): Code => [0x41, ...signed(n)]
const add = (a: Code, b: Code): Code => [...a, ...b, 0x6a]
const multiply = (a: Code, b: Code): Code => [...a, ...b, 0x6c]
/** Repeats `body` while what it leaves is not zero. */
const repeat = (body: Code, again: Code): Code => [0x03, EMPTY, ...body, ...again, 0x0d, 0, 0x0b]
const below = (a: Code, b: Code): Code => [...a, ...b, 0x49]
const load = (at: Code, offset: number): Code => [...at, 0xfd, 0x00, 3, ...unsigned(offset)]
/** One number, twice. */
const loadTwice = (at: Code, offset: number): Code => [...at, 0xfd, 0x0a, 3, ...unsigned(offset)]
const store = (at: Code, value: Code, offset: number): Code => [...at, ...value, 0xfd, 0x0b, 3, ...unsigned(offset)]
const zeros: Code = [0xfd, 0x0c, ...new Array<number>(16).fill(0)]
const addVectors = (a: Code, b: Code): Code => [...a, ...b, 0xfd, ...unsigned(0xf0)]
const multiplyVectors = (a: Code, b: Code): Code => [...a, ...b, 0xfd, ...unsigned(0xf2)]

function moduleBytes(): Uint8Array<ArrayBuffer> {
  // Parameters: where left, right and sums begin, the number of columns and of rows; then locals.
  const [left, right, sums, columns, rows, j, k, r, p, q, to, step] = Array.from({ length: 12 }, (_, i) => i)
  const sum = (row: number, half: number) => 12 + 2 * row + half
  const [u, v, a] = [20, 21, 22]
  const down = Array.from({ length: TILE }, (_, i) => i)
  const bytes = (n: Code) => multiply(n, constant(8))

  const inner = [
    ...set(u, load(get(q), 0)),
    ...set(v, load(get(q), 16)),
    ...down.flatMap((i) => [
      ...set(a, loadTwice(get(p), 8 * i)),
      ...set(sum(i, 0), addVectors(get(sum(i, 0)), multiplyVectors(get(a), get(u)))),
      ...set(sum(i, 1), addVectors(get(sum(i, 1)), multiplyVectors(get(a), get(v)))),
    ]),
    ...set(p, add(get(p), get(step))),
    ...set(q, add(get(q), get(step))),
    ...set(r, add(get(r), constant(1))),
  ]
  const addTo = (i: number, half: number) =>
    store(get(to), addVectors(load(get(to), 16 * half), get(sum(i, half))), 16 * half)
  const tile = [
    ...down.flatMap((i) => [...set(sum(i, 0), zeros), ...set(sum(i, 1), zeros)]),
    ...set(p, add(get(right), bytes(get(j)))),
    ...set(q, add(get(left), bytes(get(k)))),
    ...set(r, constant(0)),
    ...repeat(inner, below(get(r), get(rows))),
    ...set(to, add(get(sums), bytes(add(multiply(get(j), get(columns)), get(k))))),
    ...down.flatMap((i) => [...addTo(i, 0), ...addTo(i, 1), ...set(to, add(get(to), get(step)))]),
    ...set(k, add(get(k), constant(TILE))),
  ]
  const band = [
    ...set(k, constant(0)),
    ...repeat(tile, below(get(k), add(get(j), constant(TILE)))),
    ...set(j, add(get(j), constant(TILE))),
  ]
  const body = [
    ...vector([
      [7, I32],
      [11, V128],
    ]),
    ...set(step, bytes(get(columns))),
    ...repeat(band, below(get(j), get(columns))),
    0x0b,
  ]
  const name = (text: string): Code => vector([...text].map((letter) => [letter.charCodeAt(0)]))
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, vector([[FUNCTION, ...vector(Array.from({ length: 5 }, () => [I32])), 0]])),
    ...section(3, vector([[0]])),
    ...section(5, vector([[0, 1]])),
    ...section(
      7,
      vector([
        [...name('memory'), 2, 0],
        [...name('products'), 0, 0],
      ]),
    ),
    ...section(10, vector([[...unsigned(body.length), ...body]])),
  ])
}

type Exports = {
  memory: { buffer: ArrayBuffer; grow(pages: number): void }
  products(left: number, right: number, sums: number, columns: number, rows: number): void
}
/** What is used of it; the core knows no host. */
type Assembly = {
  Module: new (bytes: Uint8Array<ArrayBuffer>) => object
  Instance: new (module: object) => { exports: unknown }
}
let exports: Exports | null = null

/** Room for rows of columns; `right` is `left` where there are no weights. `add` takes the first `rows` of them. */
export type Products = { left: Float64Array; right: Float64Array; sums: Float64Array; add(rows: number): void }

/**
 * Room for `rows` rows of `columns` columns (whole tiles), all zero. There is one room in a thread: whoever asks next gets
 * it.
 */
export function products(rows: number, columns: number, weighted: boolean): Products {
  const { Module, Instance } = (globalThis as unknown as { WebAssembly: Assembly }).WebAssembly
  exports ??= new Instance(new Module(moduleBytes())).exports as Exports
  const { memory, products: run } = exports
  const block = 8 * rows * columns
  const rightAt = weighted ? block : 0
  const sumsAt = rightAt + block
  const lacking = sumsAt + 8 * columns * columns - memory.buffer.byteLength
  if (lacking > 0) memory.grow(Math.ceil(lacking / PAGE))
  const at = (from: number, length: number) => new Float64Array(memory.buffer, from, length).fill(0)
  const left = at(0, rows * columns)
  return {
    left,
    right: weighted ? at(rightAt, rows * columns) : left,
    sums: at(sumsAt, columns * columns),
    add: (some) => run(0, rightAt, sumsAt, columns, some),
  }
}
