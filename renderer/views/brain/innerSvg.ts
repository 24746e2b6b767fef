import { colourOf, dashOf, method } from '../../charts/channels.ts'
import { PALETTES } from '../../charts/palette.ts'
import type { PlaneShapes } from '../../diagrams/planeShapes.ts'
import { SHAPE_PATHS, TASK_COLOURS, taskMark } from '../../style/palette.ts'
import { escaped } from '../../charts/format.ts'

const TOP = 44
const ROW = 20

/** The map of an inner loop as a stand-alone SVG in light colours, with the names of tasks and directions under it. */
export function innerSvg(about: {
  title: string
  note: string
  shapes: PlaneShapes
  tasks: string[]
  directions: string[]
  fontCss: string
}): string {
  const { title, note, shapes, fontCss } = about
  const { ink, paper, quiet } = PALETTES.light
  const columns = Math.max(1, Math.floor(shapes.width / 170))
  const rows = Math.ceil((about.tasks.length + about.directions.length) / columns)
  const height = TOP + shapes.height + 20 + ROW * rows + 20
  const n = (value: number) => Number(value.toFixed(1))
  const mark = (task: number, x: number, y: number) =>
    `<path transform="translate(${n(x - 6)} ${n(y - 6)})" d="${SHAPE_PATHS[taskMark(task).shape]}" fill-rule="evenodd" ` +
    `fill="${colour(task)}"/>`
  const colour = (task: number) => TASK_COLOURS.light[taskMark(task).colour]
  const place = (k: number) => ({
    x: 16 + (k % columns) * 170,
    y: TOP + shapes.height + 24 + ROW * Math.floor(k / columns),
  })
  const stroke = (k: number) =>
    `stroke="${colourOf(method(k), 'light')}" stroke-width="${k === 0 ? 5 : 2.5}" stroke-dasharray="${dashOf(method(k)).join(' ')}"`
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${n(shapes.width)}" height="${n(height)}" viewBox="0 0 ${n(shapes.width)} ${n(height)}" ` +
      `font-family="'Noto Sans SC Variable', system-ui, 'Noto Sans', sans-serif" font-size="12" role="img">`,
    `<title>${escaped(title)}</title><style>${fontCss}</style>`,
    `<rect width="100%" height="100%" fill="${paper}"/>`,
    `<text x="16" y="26" font-size="15" font-weight="600" fill="${ink}">${escaped(title)}</text>`,
    `<g transform="translate(0 ${TOP})">`,
    ...shapes.bands.map(
      ({ d }) => `<path d="${d}" fill="${ink}" fill-opacity="0.04" stroke="${quiet}" stroke-opacity="0.35"/>`,
    ),
    ...shapes.tasks.map(({ d }, k) => `<path d="${d}" fill="none" stroke="${colour(k)}" stroke-width="1.5"/>`),
    ...shapes.arrows.map(
      ({ from, to, head }, k) =>
        `<path d="M${n(from.x)} ${n(from.y)}L${n(to.x)} ${n(to.y)}" ${stroke(k)}/>` +
        `<path d="${head}" fill="${colourOf(method(k), 'light')}"/>`,
    ),
    ...shapes.tasks.map(({ end }, k) => mark(k, end.x, end.y)),
    `<circle cx="${n(shapes.start.x)}" cy="${n(shapes.start.y)}" r="6" fill="${paper}" stroke="${ink}" stroke-width="2.5"/>`,
    '</g>',
    ...about.directions.map((name, k) => {
      const { x, y } = place(k)
      return (
        `<path d="M${x} ${y - 4}L${x + 24} ${y - 4}" ${stroke(k)}/>` +
        `<text x="${x + 30}" y="${y}" fill="${ink}">${escaped(name)}</text>`
      )
    }),
    ...about.tasks.map((name, k) => {
      const { x, y } = place(about.directions.length + k)
      return `${mark(k, x + 12, y - 4)}<text x="${x + 30}" y="${y}" fill="${ink}">${escaped(name)}</text>`
    }),
    `<text x="16" y="${n(height - 8)}" font-size="10" fill="${quiet}">${escaped(note)}</text>`,
    '</svg>',
  ].join('\n')
}
