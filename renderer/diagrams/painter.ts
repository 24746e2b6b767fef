import type { Layout } from '../../core/brain/layout.ts'
import type { Theme } from '../charts/channels.ts'
import { PALETTES } from '../charts/palette.ts'
import { Grain } from './grain.ts'
import { lineAlpha, signColour, strokeWidth } from './signed.ts'
import type { Drawable } from './weights.ts'

/**
 * Paints weights in their order without ever holding up the window: the strongest as lines with their own width
 * and dash at once, the many weaker ones beneath them as pixels, a slice of time per frame.
 */
export type Scene = {
  layout: Layout
  weights: Drawable
  count: number
  theme: Theme
  /** [unit] 1 where silenced: its weights carry nothing and are not drawn. */
  silenced: Uint8Array
}

/** Drawn as lines, with width and dash. */
const LINES = 300
const SLICE_MS = 2

export class Painter {
  private readonly lines: CanvasRenderingContext2D
  private readonly pixels: CanvasRenderingContext2D
  private scene: Scene | null = null
  private grain: Grain | null = null
  private lined = false
  /** The pixels on screen are of an earlier scene: they stay until those of this one are complete. */
  private stale = false
  private shown = 0

  constructor(lines: CanvasRenderingContext2D, pixels: CanvasRenderingContext2D) {
    this.lines = lines
    this.pixels = pixels
  }

  /** What is to be seen from now on. More weights of the same picture are added to what stands. */
  show(scene: Scene) {
    const before = this.scene
    const same =
      before !== null &&
      before.layout === scene.layout &&
      before.weights === scene.weights &&
      before.theme === scene.theme &&
      before.silenced === scene.silenced
    this.scene = scene
    if (!same || Math.min(before.count, LINES) !== Math.min(scene.count, LINES)) this.lined = false
    if (!same) {
      const { ground, good, bad } = PALETTES[scene.theme]
      this.grain = new Grain(scene.layout.width, scene.layout.height, ground, good, bad)
      this.grain.reset(LINES)
      this.stale = true
    } else if (this.grain && scene.count < this.grain.done && this.grain.done > LINES) {
      this.grain.reset(LINES)
      this.stale = true
    }
    if (this.stale && scene.count <= LINES) {
      this.pixels.clearRect(0, 0, this.pixels.canvas.width, this.pixels.canvas.height)
      this.stale = false
      this.shown = 0
    }
  }

  /** Paints for at most a slice of time; true while there is more. */
  paint(now: () => number): boolean {
    const { scene, grain } = this
    if (!scene || !grain) return false
    const until = now() + SLICE_MS
    if (!this.lined) {
      this.drawLines(scene)
      this.lined = true
    }
    const end = Math.min(scene.count, scene.weights.total)
    if (end <= LINES) return false
    const complete = grain.add(scene.layout, scene.weights, scene.silenced, end, until, now)
    // Not every slice is shown: handing an image over costs more than many lines.
    if (complete || (!this.stale && ++this.shown % 6 === 0)) {
      this.pixels.putImageData(grain.image, 0, 0)
      this.stale = false
    }
    return !complete
  }

  private drawLines({ layout, weights, count, theme, silenced }: Scene) {
    const { lines } = this
    lines.clearRect(0, 0, layout.width, layout.height)
    lines.save()
    lines.globalCompositeOperation = 'destination-over'
    for (let rank = 0; rank < Math.min(count, LINES, weights.total); rank++) {
      if (silenced[weights.from[rank]] || silenced[weights.to[rank]]) continue
      const a = layout.units[weights.from[rank]]
      const b = layout.units[weights.to[rank]]
      const w = weights.weight[rank]
      lines.globalAlpha = lineAlpha(weights.share[rank])
      lines.lineWidth = strokeWidth(weights.share[rank], 1, 4)
      lines.strokeStyle = signColour(w, theme)
      lines.setLineDash(w < 0 ? [7, 4] : [])
      lines.beginPath()
      lines.moveTo(a.x, a.y)
      lines.bezierCurveTo(a.x + (b.x - a.x) / 3, a.y, b.x - (b.x - a.x) / 3, b.y, b.x, b.y)
      lines.stroke()
    }
    lines.restore()
  }
}
