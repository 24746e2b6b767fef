import { scaleLinear, scaleLog } from 'd3-scale'
import { colourOf, dashOf, method, shapePath } from './channels.ts'
import type { Hue } from './channels.ts'
import { inkOn, shadeColour } from './colours.ts'
import { barAside, extent, intervalValues, placesOf, reachOf } from './extent.ts'
import { escaped, fit, short, textWidth } from './format.ts'
import type { HeatPicture, HistogramPicture, IntervalPicture, LinePicture, Picture, Point } from './picture.ts'
import type { Palette } from './palette.ts'

/**
 * A picture as a stand-alone SVG: vector text, no script, no outside reference. `fontCss` may hold `@font-face` rules
 * with the fonts inside (see fonts.ts), so that Chinese text looks the same everywhere.
 */
export type SvgOptions = { width: number; palette: Palette; fontCss?: string; source?: string }

type Box = { left: number; top: number; width: number; height: number }

const FONT = 12
const ROW = 22

export function toSvg(picture: Picture, options: SvgOptions): string {
  const draw = { line: drawLine, interval: drawInterval, heat: drawHeat, histogram: drawHistogram }[picture.kind] as (
    picture: Picture,
    options: SvgOptions,
  ) => { body: string; height: number }
  const { body, height } = draw(picture, options)
  const { width, palette, fontCss, source } = options
  const total = height + (source ? 26 : 8)
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${total}" viewBox="0 0 ${width} ${total}" ` +
      `font-family="'Noto Sans SC Variable', system-ui, 'Segoe UI', 'Noto Sans', 'Noto Sans CJK SC', sans-serif" ` +
      `font-size="${FONT}" role="img">`,
    `<title>${escaped(picture.title)}</title>`,
    `<style>${fontCss ?? ''}text{font-variant-numeric:tabular-nums}</style>`,
    `<rect width="100%" height="100%" fill="${palette.paper}"/>`,
    text(16, 24, picture.title, { fill: palette.ink, size: 15, weight: 600 }),
    body,
    source ? text(16, total - 9, source, { fill: palette.quiet, size: 10 }) : '',
    '</svg>',
  ].join('\n')
}

type TextStyle = { fill: string; size?: number; weight?: number; anchor?: 'start' | 'middle' | 'end'; rotate?: number }
function text(x: number, y: number, content: string, style: TextStyle): string {
  const { fill, size, weight, anchor, rotate } = style
  return (
    `<text x="${n(x)}" y="${n(y)}" fill="${fill}"` +
    (size ? ` font-size="${size}"` : '') +
    (weight ? ` font-weight="${weight}"` : '') +
    (anchor && anchor !== 'start' ? ` text-anchor="${anchor}"` : '') +
    (rotate ? ` transform="rotate(${rotate} ${n(x)} ${n(y)})"` : '') +
    `>${escaped(content)}</text>`
  )
}
const line = (
  x1: number,
  y1: number,
  x2: number,
  y2: number,
  stroke: string,
  width = 1,
  dash: readonly number[] = [],
) =>
  `<line x1="${n(x1)}" y1="${n(y1)}" x2="${n(x2)}" y2="${n(y2)}" stroke="${stroke}" stroke-width="${width}"` +
  (dash.length ? ` stroke-dasharray="${dash.join(' ')}"` : '') +
  '/>'
const mark = (x: number, y: number, hue: Hue, r: number, palette: Palette) =>
  `<path transform="translate(${n(x - r)} ${n(y - r)}) scale(${n(r / 6)})" d="${shapePath(hue)}" fill-rule="evenodd" ` +
  `fill="${colourOf(hue, palette.theme)}"/>`

const n = (value: number) => Number(value.toFixed(2))

function drawLine(picture: LinePicture, { width, palette }: SvgOptions) {
  const legend = legendRows(picture.series, width, palette)
  const box: Box = { left: 66, top: 44 + legend.height, width: width - 66 - 20, height: 300 }
  const all = picture.series.flatMap((s) => [...s.points, ...(s.raw ?? [])]).filter(([, y]) => Number.isFinite(y))
  const shown = picture.y.log ? all.filter(([, y]) => y > 0) : all
  const x = (picture.x.log ? scaleLog() : scaleLinear())
    .domain(reachOf(picture))
    .range([box.left, box.left + box.width])
  const y = (picture.y.log ? scaleLog() : scaleLinear())
    .domain(
      extent([
        ...shown.map((p) => p[1]),
        ...picture.series.flatMap(({ ci }) => (ci ?? []).flatMap((own) => own ?? [])),
      ]),
    )
    .nice()
    .range([box.top + box.height, box.top])
  const path = (points: readonly Point[]) => {
    const drawn = points.filter(([, v]) => Number.isFinite(v) && (!picture.y.log || v > 0))
    return drawn.length ? 'M' + drawn.map(([px, py]) => `${n(x(px))} ${n(y(py))}`).join('L') : ''
  }
  const stroke = (points: readonly Point[], hue: Hue, raw: boolean) =>
    `<path d="${path(points)}" fill="none" stroke="${colourOf(hue, palette.theme)}" stroke-width="${raw ? 1 : 2}"` +
    (raw ? ' stroke-opacity="0.25"' : '') +
    (dashOf(hue).length && !raw ? ` stroke-dasharray="${dashOf(hue).join(' ')}"` : '') +
    ' stroke-linejoin="round"/>'
  const body = [
    legend.body,
    axes(
      box,
      picture.x.log ? placesOf(picture) : x.ticks(8),
      x,
      y.ticks(6),
      y,
      picture.x.label,
      picture.y.label,
      palette,
    ),
    ...picture.series.map((s) => (s.raw ? stroke(s.raw, s.hue, true) : '')),
    ...picture.series.map((s) => stroke(s.points, s.hue, false)),
    ...picture.series.flatMap(({ points, ci, hue }, k) =>
      (ci ?? []).map((ends, i) => {
        const at = x(points[i][0]) + barAside(k, picture.series.length)
        return ends ? line(at, y(ends[0]), at, y(ends[1]), colourOf(hue, palette.theme)) : ''
      }),
    ),
    ...picture.series.flatMap((s) => s.points.slice(-1).map(([px, py]) => mark(x(px), y(py), s.hue, 4, palette))),
  ].join('\n')
  return { body, height: box.top + box.height + 48 }
}

function axes(
  box: Box,
  xTicks: number[],
  x: (v: number) => number,
  yTicks: number[],
  y: (v: number) => number,
  xLabel: string,
  yLabel: string,
  palette: Palette,
): string {
  const bottom = box.top + box.height
  return [
    ...yTicks.map((t) => line(box.left, y(t), box.left + box.width, y(t), palette.rule)),
    ...yTicks.map((t) => text(box.left - 8, y(t) + 4, short(t), { fill: palette.quiet, anchor: 'end', size: 11 })),
    ...xTicks.map((t) => text(x(t), bottom + 16, short(t), { fill: palette.quiet, anchor: 'middle', size: 11 })),
    line(box.left, bottom, box.left + box.width, bottom, palette.quiet),
    text(box.left + box.width / 2, bottom + 36, xLabel, { fill: palette.ink, anchor: 'middle' }),
    text(16, box.top + box.height / 2, yLabel, { fill: palette.ink, anchor: 'middle', rotate: -90 }),
  ].join('\n')
}

function legendRows(series: { label: string; hue: Hue }[], width: number, palette: Palette) {
  let x = 16
  let y = 46
  const parts: string[] = []
  for (const { label, hue } of series) {
    const wide = 38 + textWidth(label) * FONT
    if (x + wide > width - 8 && x > 16) {
      x = 16
      y += 20
    }
    parts.push(line(x, y - 4, x + 22, y - 4, colourOf(hue, palette.theme), 2, dashOf(hue)))
    parts.push(mark(x + 11, y - 4, hue, 4, palette), text(x + 28, y, label, { fill: palette.ink }))
    x += wide + 10
  }
  return { body: parts.join('\n'), height: series.length ? y - 46 + 20 : 0 }
}

function drawInterval(picture: IntervalPicture, { width, palette }: SvgOptions) {
  const widest = Math.max(...picture.rows.map((r) => textWidth(r.label)), 4)
  const left = 24 + Math.min(width * 0.34, widest * FONT)
  const noted = picture.rows.some((row) => row.note)
  const right = noted
    ? 24 + Math.min(width * 0.24, Math.max(...picture.rows.map((r) => textWidth(r.note ?? ''))) * FONT)
    : 24
  const box: Box = { left, top: 44, width: width - left - right, height: ROW * picture.rows.length + 8 }
  const x = scaleLinear()
    .domain(extent(intervalValues(picture)))
    .nice()
    .range([box.left, box.left + box.width])
  const at = (i: number) => box.top + 4 + ROW * (i + 0.5)
  const bottom = box.top + box.height
  const [from, to] = picture.band ?? [0, 0]
  const parts = [
    picture.band
      ? `<rect x="${n(x(from))}" y="${box.top}" width="${n(x(to) - x(from))}" height="${box.height}" fill="${palette.band}"/>`
      : '',
    ...x.ticks(7).map((t) => line(x(t), box.top, x(t), bottom, palette.rule)),
    ...x.ticks(7).map((t) => text(x(t), bottom + 16, short(t), { fill: palette.quiet, anchor: 'middle', size: 11 })),
    picture.zero !== undefined ? line(x(picture.zero), box.top, x(picture.zero), bottom, palette.ink, 1.2) : '',
    ...picture.rows.flatMap((row, i) => [
      text(left - 10, at(i) + 4, fit(row.label, (left - 24) / FONT), { fill: palette.ink, anchor: 'end' }),
      row.ci ? line(x(row.ci[0]), at(i), x(row.ci[1]), at(i), colourOf(row.hue, palette.theme), 2.5) : '',
      row.mean === null ? '' : mark(x(row.mean), at(i), row.hue, 5, palette),
      row.note ? text(width - right + 10, at(i) + 4, row.note, { fill: palette.quiet }) : '',
    ]),
    text(box.left + box.width / 2, bottom + 36, picture.x.label, { fill: palette.ink, anchor: 'middle' }),
    picture.ends ? text(box.left, bottom + 36, `← ${picture.ends[0]}`, { fill: palette.quiet }) : '',
    picture.ends
      ? text(box.left + box.width, bottom + 36, `${picture.ends[1]} →`, { fill: palette.quiet, anchor: 'end' })
      : '',
  ]
  return { body: parts.join('\n'), height: bottom + 48 }
}

function drawHeat(picture: HeatPicture, { width, palette }: SvgOptions) {
  const left = 24 + Math.min(width * 0.3, Math.max(...picture.rows.map(textWidth), 4) * FONT)
  const cell = Math.max(8, Math.min(96, (width - left - 16) / Math.max(1, picture.columns.length)))
  const heads = picture.ticks ?? picture.columns
  const tall = Math.max(...heads.map(textWidth), 2) * FONT
  const flat = tall < cell - 4
  const top = 40 + (flat ? 18 : Math.min(140, tall) + 8)
  const parts = heads.map((label, c) =>
    flat
      ? text(left + cell * (c + 0.5), top - 6, label, { fill: palette.ink, anchor: 'middle' })
      : cell < 11
        ? ''
        : text(left + cell * (c + 0.5) + 4, top - 6, fit(label, 140 / FONT), { fill: palette.ink, rotate: -90 }),
  )
  picture.rows.forEach((label, r) => {
    const y = top + ROW * r
    parts.push(text(left - 8, y + 15, fit(label, (left - 24) / FONT), { fill: palette.ink, anchor: 'end' }))
    picture.columns.forEach((_, c) => {
      const shade = shadeColour(picture.shade[r][c], palette)
      const open = picture.open?.[r][c] === true
      const fill = open ? palette.paper : shade
      const value = picture.values[r][c]
      const inset = open ? Math.min(1.5, cell / 8) : 0
      parts.push(
        `<rect x="${n(left + cell * c + inset)}" y="${n(y + inset)}" width="${n(cell - 1 - 2 * inset)}" height="${n(ROW - 1 - 2 * inset)}" fill="${fill}"` +
          (open ? ` stroke="${shade}" stroke-width="${n(2 * inset)}"/>` : '/>'),
      )
      const said = short(value, 3)
      if (textWidth(said) * 11 < cell - 4)
        parts.push(text(left + cell * (c + 0.5), y + 15, said, { fill: inkOn(fill), anchor: 'middle', size: 11 }))
    })
  })
  const end = top + ROW * picture.rows.length
  const steps = 9
  for (let i = 0; i < steps; i++)
    parts.push(
      `<rect x="${left + i * 14}" y="${end + 12}" width="14" height="10" fill="${shadeColour((2 * i) / (steps - 1) - 1, palette)}"/>`,
    )
  parts.push(text(left - 8, end + 21, picture.ends[0], { fill: palette.quiet, anchor: 'end', size: 11 }))
  parts.push(text(left + steps * 14 + 8, end + 21, picture.ends[1], { fill: palette.quiet, size: 11 }))
  return { body: parts.join('\n'), height: end + 34 }
}

function drawHistogram(picture: HistogramPicture, { width, palette }: SvgOptions) {
  const box: Box = { left: 66, top: 44, width: width - 86, height: 200 }
  const x = scaleLinear([picture.edges[0], picture.edges[picture.edges.length - 1]], [box.left, box.left + box.width])
  const y = scaleLinear([0, Math.max(...picture.counts, 1)], [box.top + box.height, box.top]).nice()
  const bars = picture.counts.map((count, i) => {
    const from = x(picture.edges[i])
    return `<rect x="${n(from)}" y="${n(y(count))}" width="${n(Math.max(1, x(picture.edges[i + 1]) - from - 1))}" height="${n(y(0) - y(count))}" fill="${colourOf(method(0), palette.theme)}"/>`
  })
  const body = [axes(box, x.ticks(6), x, y.ticks(4), y, picture.x.label, picture.y.label, palette), ...bars].join('\n')
  return { body, height: box.top + box.height + 48 }
}
