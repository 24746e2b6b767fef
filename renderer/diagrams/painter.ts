import type { Layout } from '../../core/brain/layout.ts'
import type { Theme } from '../charts/channels.ts'
import { signColour, strokeWidth } from './signed.ts'
import { FINE } from './weights.ts'
import type { Drawable } from './weights.ts'

/**
 * Paints weights in order of strength, a slice of time per frame, so that 100,000 of them never hold up the window:
 * the strongest stand at once, weaker ones follow beneath them. Neighbours in rank are nearly equal, so a chunk of them
 * shares one width and one opacity and becomes two strokes, one per sign.
 */
export type Scene = {
  layout: Layout
  weights: Drawable
  count: number
  theme: Theme
  /** [unit] 1 where silenced: its weights carry nothing and are not drawn. */
  silenced: Uint8Array
}

const CHUNKS = 240
const SLICE_MS = 3

export class Painter {
  private readonly context: CanvasRenderingContext2D
  private scene: Scene | null = null
  /** Weights of the scene already on the canvas. */
  private done = 0

  constructor(context: CanvasRenderingContext2D) {
    this.context = context
  }

  /** What is to be seen from now on. More weights of the same picture are added to what stands; else it begins anew. */
  show(scene: Scene) {
    const before = this.scene
    const grows =
      before !== null &&
      before.layout === scene.layout &&
      before.weights === scene.weights &&
      before.theme === scene.theme &&
      before.silenced === scene.silenced &&
      before.count <= FINE === scene.count <= FINE &&
      scene.count >= this.done
    this.scene = scene
    if (!grows) this.clear()
  }

  /** After the canvas lost its pixels. */
  clear() {
    const { canvas } = this.context
    this.context.save()
    this.context.resetTransform()
    this.context.clearRect(0, 0, canvas.width, canvas.height)
    this.context.restore()
    this.done = 0
  }

  /** Paints for at most a slice of time; true while there is more. */
  paint(now: () => number): boolean {
    const { scene } = this
    if (!scene) return false
    const end = Math.min(scene.count, scene.weights.total)
    const until = now() + SLICE_MS
    const step = Math.max(1, Math.ceil(end / CHUNKS))
    const chunk = Math.min(step, 250)
    while (this.done < end && now() < until) {
      const to = Math.min(end, this.done + chunk)
      this.chunk(scene, this.done, to)
      this.done = to
    }
    return this.done < end
  }

  private chunk(scene: Scene, from: number, to: number) {
    const { context } = this
    const { weights, count, theme } = scene
    const fine = count <= FINE
    const middle = weights.weight[(from + to) >> 1]
    context.save()
    context.globalCompositeOperation = 'destination-over'
    context.lineWidth = fine ? strokeWidth(middle, weights.strongest, 6) : strokeWidth(middle, weights.strongest, 3)
    const share = Math.abs(middle) / (weights.strongest || 1)
    context.globalAlpha = fine ? 0.3 + 0.6 * share : 0.12 + 0.7 * share
    for (const sign of [1, -1]) {
      context.beginPath()
      if (this.trace(scene, from, to, sign, fine)) {
        context.strokeStyle = signColour(sign, theme)
        context.setLineDash(sign < 0 && fine ? [7, 4] : [])
        context.stroke()
      }
    }
    context.restore()
  }

  private trace({ layout, weights, silenced }: Scene, from: number, to: number, sign: number, fine: boolean): boolean {
    const { context } = this
    let any = false
    for (let rank = from; rank < to; rank++) {
      if (weights.weight[rank] * sign <= 0) continue
      const i = weights.from[rank]
      const j = weights.to[rank]
      if (silenced[i] || silenced[j]) continue
      const a = layout.units[i]
      const b = layout.units[j]
      any = true
      context.moveTo(a.x, a.y)
      if (!fine) context.lineTo(b.x, b.y)
      else context.bezierCurveTo(a.x + (b.x - a.x) / 3, a.y, b.x - (b.x - a.x) / 3, b.y, b.x, b.y)
    }
    return any
  }
}
