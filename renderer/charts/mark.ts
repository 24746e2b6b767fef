import { colourOf, shapePath } from './channels.ts'
import type { Hue } from './channels.ts'
import type { Palette } from './palette.ts'

/** Draws a task's or method's own shape, centred. */
export function drawMark(
  context: CanvasRenderingContext2D,
  x: number,
  y: number,
  hue: Hue,
  r: number,
  palette: Palette,
) {
  context.save()
  context.translate(x - r, y - r)
  context.scale(r / 6, r / 6)
  const path = new Path2D(shapePath(hue))
  context.strokeStyle = palette.paper
  context.lineWidth = 12 / r
  context.stroke(path)
  context.fillStyle = colourOf(hue, palette.theme)
  context.fill(path, 'evenodd')
  context.restore()
}
