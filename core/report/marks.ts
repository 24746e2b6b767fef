import { html, type Markup } from './html.ts'
import { markOf, SHAPE_PATHS } from './palette.ts'

/** The mark inside an SVG, centred on (x, y), `size` wide; colours are the CSS variables --task-0 to --task-11. */
export function taskMark(index: number, x: number, y: number, size = 10): Markup {
  const { colour, shape } = markOf(index)
  const scale = size / 12
  return html`<path
    d="${SHAPE_PATHS[shape]}"
    transform="translate(${(x - size / 2).toFixed(1)} ${(y - size / 2).toFixed(1)}) scale(${scale.toFixed(3)})"
    style="fill:var(--task-${colour});fill-rule:evenodd"
  />`
}
