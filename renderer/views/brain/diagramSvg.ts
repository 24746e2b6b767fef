import type { Layout } from '../../../core/brain/layout.ts'
import { PALETTES } from '../../charts/palette.ts'
import { lineAlpha, signColour, strokeWidth } from '../../diagrams/signed.ts'
import type { Drawable } from '../../diagrams/weights.ts'
import { SHAPE_PATHS, TASK_COLOURS, taskMark } from '../../style/palette.ts'
import { escaped } from '../../charts/format.ts'

/** More lines than this make an SVG that no program opens with pleasure: the strongest are kept, and it says so. */
const MOST = 4000

/** The diagram as a stand-alone SVG in light colours. */
export function diagramSvg(about: {
  title: string
  note: string
  layout: Layout
  weights: Drawable
  /** What is drawn, strongest first. */
  ranks: Uint32Array
  taskIndex: (task: string) => number
  fontCss: string
}): string {
  const { title, note, layout, weights, taskIndex, fontCss } = about
  const palette = PALETTES.light
  const top = 44
  const height = layout.height + top + 30
  const ranks = about.ranks.subarray(0, MOST)
  const n = (value: number) => Number(value.toFixed(1))
  const lines: string[] = []
  for (const rank of [...ranks].reverse()) {
    const [a, b] = [layout.units[weights.from[rank]], layout.units[weights.to[rank]]]
    const w = weights.weight[rank]
    const third = (b.x - a.x) / 3
    lines.push(
      `<path d="M${n(a.x)} ${n(a.y)}C${n(a.x + third)} ${n(a.y)} ${n(b.x - third)} ${n(b.y)} ${n(b.x)} ${n(b.y)}" ` +
        `stroke="${signColour(w, 'light')}" stroke-width="${n(strokeWidth(weights.share[rank], 1, 4))}" ` +
        `stroke-opacity="${lineAlpha(weights.share[rank]).toFixed(2)}"${w < 0 ? ' stroke-dasharray="7 4"' : ''}/>`,
    )
  }
  const units = layout.units.map((unit) => {
    const gap = layout.columns[unit.column].gap
    const r = Math.max(1.5, Math.min(8, gap * 0.34))
    const index = unit.task === null ? -1 : taskIndex(unit.task)
    const dot =
      unit.kind === 'head' && index >= 0
        ? `<path transform="translate(${n(unit.x - r)} ${n(unit.y - r)}) scale(${n(r / 6)})" fill-rule="evenodd" ` +
          `fill="${TASK_COLOURS.light[taskMark(index).colour]}" d="${SHAPE_PATHS[taskMark(index).shape]}"/>`
        : `<circle cx="${n(unit.x)}" cy="${n(unit.y)}" r="${n(r)}" fill="${palette.quiet}"/>`
    const said = unit.kind === 'head' ? (unit.task ?? unit.name) : unit.name
    const outer = unit.kind === 'input' || unit.kind === 'head'
    const right = unit.kind === 'head'
    return (
      dot +
      (said && outer && gap >= 9
        ? `<text x="${n(unit.x + (right ? 14 : -14))}" y="${n(unit.y + 4)}" text-anchor="${right ? 'start' : 'end'}" font-size="${Math.min(12, n(gap))}" fill="${palette.ink}">${escaped(said)}</text>`
        : '')
    )
  })
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${layout.width}" height="${height}" viewBox="0 0 ${layout.width} ${height}" ` +
      `font-family="'Noto Sans SC Variable', system-ui, 'Noto Sans', sans-serif" font-size="12" role="img">`,
    `<title>${escaped(title)}</title><style>${fontCss}</style>`,
    `<rect width="100%" height="100%" fill="${palette.paper}"/>`,
    `<text x="16" y="26" font-size="15" font-weight="600" fill="${palette.ink}">${escaped(title)}</text>`,
    `<g transform="translate(0 ${top})"><g fill="none">${lines.join('')}</g>${units.join('')}</g>`,
    `<text x="16" y="${height - 10}" font-size="10" fill="${palette.quiet}">${escaped(note)}</text>`,
    '</svg>',
  ].join('\n')
}
