import type { Layout } from '../../core/brain/layout.ts'
import type { Drawable } from './weights.ts'

/**
 * Many faint lines as pixels. Canvas strokes of 100,000 lines take seconds without a graphics card; adding them to an
 * image takes a tenth of one, and can stop after any line. Lines are added in order of strength, each *beneath* those
 * before: `free` is the share of the paper still to be seen through a pixel, a line of opacity α takes α·free of it,
 *
 *   pixel += α free (ink − paper),   free *= 1 − α
 *
 * (Porter and Duff 1984, "over" read from front to back). A line follows the smooth step y₁ + Δy u² (3 − 2u) of the
 * vector lines; in each column of pixels it fills the run from its height to its next height.
 */
export class Grain {
  readonly image: ImageData
  private readonly free: Float32Array
  private readonly paper: Rgb
  private readonly inks: [Rgb, Rgb]
  /** Weights already added. */
  done = 0

  constructor(width: number, height: number, paper: string, plus: string, minus: string) {
    this.image = new ImageData(Math.max(1, Math.round(width)), Math.max(1, Math.round(height)))
    this.free = new Float32Array(this.image.width * this.image.height)
    this.paper = rgb(paper)
    this.inks = [rgb(plus), rgb(minus)]
    this.reset(0)
  }

  /** Blank paper; the next weight to be added is `from`. */
  reset(from: number) {
    this.free.fill(1)
    new Uint32Array(this.image.data.buffer).fill(packed(this.paper))
    this.done = from
  }

  /** Adds weights up to rank `end` until the time is over; true when all are there. */
  add(layout: Layout, own: Drawable, silenced: Uint8Array, end: number, until: number, now: () => number): boolean {
    while (this.done < end) {
      const stop = Math.min(end, this.done + 64)
      for (let rank = this.done; rank < stop; rank++) {
        const i = own.from[rank]
        const j = own.to[rank]
        if (silenced[i] || silenced[j]) continue
        const a = layout.units[i]
        const b = layout.units[j]
        const w = own.weight[rank]
        this.line(a.x, a.y, b.x, b.y, 0.06 + 0.5 * own.share[rank], this.inks[w < 0 ? 1 : 0])
      }
      this.done = stop
      if (now() > until) break
    }
    return this.done >= end
  }

  private line(x1: number, y1: number, x2: number, y2: number, alpha: number, ink: Rgb) {
    const { data, width, height } = this.image
    const { free, paper } = this
    const [red, green, blue] = [ink[0] - paper[0], ink[1] - paper[1], ink[2] - paper[2]]
    const first = Math.max(0, Math.round(x1))
    const last = Math.min(width, Math.round(x2))
    const step = 1 / (x2 - x1)
    const rise = y2 - y1
    let y = y1
    for (let x = first; x < last; x++) {
      const u = (x + 1 - x1) * step
      const next = y1 + rise * u * u * (3 - 2 * u)
      let from = Math.floor(y < next ? y : next)
      let to = Math.floor(y < next ? next : y)
      // The last pixel of a run is the first of the next one.
      if (to > from) to--
      if (from < 0) from = 0
      if (to >= height) to = height - 1
      for (let py = from; py <= to; py++) {
        const p = py * width + x
        const left = free[p]
        if (left < 0.02) continue
        const share = left * alpha
        free[p] = left - share
        const at = 4 * p
        data[at] += share * red
        data[at + 1] += share * green
        data[at + 2] += share * blue
      }
      y = next
    }
  }
}

type Rgb = [number, number, number]
const rgb = (hex: string): Rgb => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16)) as Rgb
/** Little-endian RGBA, as every platform that Engram runs on has it. */
const packed = ([r, g, b]: Rgb) => ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0
