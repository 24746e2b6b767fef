import type { Dim, Expr } from './expr.ts'
import { misfit, product } from './expr.ts'
import { add, cast, mul } from './ops/elementwise.ts'
import { gather } from './ops/indexing.ts'
import { pad, reshape, slice, transpose } from './ops/layout.ts'
import { constant, range } from './ops/leaf.ts'
import { matmul } from './ops/linear.ts'
import { max, mean } from './ops/reduce.ts'

/**
 * Convolution and pooling of images [..., height, width, channel] as products: each window's numbers are gathered into
 * a row (im2col, Chellapilla et al. 2006). Gathering, scattering and products are closed under differentiation, so that
 * gradients of every order are exact.
 */
export type Windows = { stride?: number; padding?: number }

/**
 * @param x  [..., height, width, channel]
 * @param w  [kernel height, kernel width, channel / groups, out]; or [task, ...] where each first axis of x, a task,
 *           has weights of its own
 * @returns [..., rows, columns, out]
 */
export function conv2d(x: Expr, w: Expr, { groups = 1, ...windows }: Windows & { groups?: number } = {}): Expr {
  const own = w.shape.length === 5
  const [kh, kw, perGroup, out] = w.shape.slice(-4) as number[]
  const channels = x.shape.at(-1) as number
  if (own && (x.shape.length < 5 || x.shape[0] !== w.shape[0])) throw misfit('conv2d', [x, w], 'tasks do not agree')
  if (perGroup * groups !== channels || out % groups !== 0) throw misfit('conv2d', [x, w], `not of ${groups} groups`)
  const { rows, lead, places } = windowsOf(x, kh, kw, windows)
  const taps = kh * kw
  const task: Dim[] = own ? [x.shape[0]] : []
  const count = product([...(own ? lead.slice(1) : lead), ...places])
  const result = [...lead, ...places, out]
  if (groups === 1) {
    const weights = reshape(w, [...task, taps * channels, out])
    return reshape(matmul(reshape(rows, [...task, count, taps * channels]), weights), result)
  }
  // [task, window, tap, group, channel] -> [task, group, window, tap and channel]
  const t = task.length
  const axes = (...order: number[]) => [...task.map((_, k) => k), ...order.map((axis) => axis + t)]
  const left = transpose(reshape(rows, [...task, count, taps, groups, perGroup]), axes(2, 0, 1, 3))
  const right = transpose(reshape(w, [...task, taps, perGroup, groups, out / groups]), axes(2, 0, 1, 3))
  const each = matmul(
    reshape(left, [...task, groups, count, taps * perGroup]),
    reshape(right, [...task, groups, taps * perGroup, out / groups]),
  )
  return reshape(transpose(each, axes(1, 0, 2)), result)
}

/** The largest of each window, per channel; equals share the gradient. Windows do not overlap unless `stride` says so. */
export const maxPool2d = (x: Expr, size: number, stride = size): Expr => pool(x, size, stride, max)
/** The mean of each window, per channel. */
export const meanPool2d = (x: Expr, size: number, stride = size): Expr => pool(x, size, stride, mean)

function pool(x: Expr, size: number, stride: number, f: (x: Expr, axes: readonly number[]) => Expr): Expr {
  const channels = x.shape.at(-1) as number
  if (stride === size) return poolTiles(x, size, channels, f)
  const { rows, lead, places } = windowsOf(x, size, size, { stride })
  const pooled = f(reshape(rows, [product([...lead, ...places]), size * size, channels]), [1])
  return reshape(pooled, [...lead, ...places, channels])
}

/** Windows that tile the image: along its rows, then across them, where the numbers lie; nothing is gathered. */
function poolTiles(x: Expr, size: number, channels: number, f: (x: Expr, axes: readonly number[]) => Expr): Expr {
  const lead = x.shape.slice(0, -3)
  const [down, across] = (x.shape.slice(-3, -1) as number[]).map((length) => Math.floor(length / size))
  if (down < 1 || across < 1) throw misfit('windows', [x], `no room for ${size} x ${size}`)
  const tiled = slice(slice(x, -3, 0, down * size), -2, 0, across * size)
  const narrow = f(reshape(tiled, [product([...lead, down * size, across]), size, channels]), [1])
  const low = f(reshape(narrow, [product([...lead, down]), size, across * channels]), [1])
  return reshape(low, [...lead, down, across, channels])
}

/** The windows of every image: rows [image and place, tap, channel], and how many places there are. */
function windowsOf(x: Expr, kh: number, kw: number, { stride = 1, padding = 0 }: Windows) {
  const lead = x.shape.slice(0, -3)
  const channels = x.shape.at(-1)!
  const padded = padding === 0 ? x : pad(pad(x, -3, padding, padding), -2, padding, padding)
  const [height, width] = padded.shape.slice(-3, -1) as number[]
  const places = [height - kh, width - kw].map((room) => Math.floor(room / stride) + 1)
  if (!places.every((n) => n >= 1)) throw misfit('windows', [x], `no room for ${kh} x ${kw}`)
  const [down, across] = places
  const offsets = Array.from({ length: down * across * kh * kw }, (_, at) => {
    const [place, tap] = [Math.floor(at / (kh * kw)), at % (kh * kw)]
    const row = Math.floor(place / across) * stride + Math.floor(tap / kw)
    return row * width + (place % across) * stride + (tap % kw)
  })
  const images = product(lead)
  const starts = reshape(mul(range(images), height * width), [images, 1])
  const at = cast(add(starts, constant(offsets, [1, offsets.length])), 'int64')
  return { rows: gather(reshape(padded, [product([images, height * width]), channels]), at), lead, places }
}
