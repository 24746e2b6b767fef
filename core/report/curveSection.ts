import { decimalsFor, median, written } from '../stats/decimals.ts'
import { metricOf } from '../stats/metrics.ts'
import { endOf, type RowCurves } from '../stats/rowCurve.ts'
import { say, type Language, type Params, type WordKey } from '../words/say.ts'
import { axisOf } from './axis.ts'
import { html, short, type Markup } from './html.ts'

const WIDTH = 760
const HEIGHT = 260
const LEFT = 52
const RIGHT = 540
const TOP = 10
const BOTTOM = HEIGHT - 48
/** Intervals of several methods stand beside each other, and have room at both ends of the axis. */
const BAR_STEP = 3
const INSET = 24
/** A method is told by its dash and its place in the list, not by colour alone. */
const DASHES = ['none', '6 3', '2 3', '9 3 2 3', '1 4', '12 4']
const COLOURS = 8

/** Figures at growing numbers of rows: what is said of them, a line per method, and the table. */
export type Drawn = {
  /** Of the ids on the page. */
  name: string
  title: string
  axis: string
  metric: string
  said: readonly string[]
  rows: readonly number[]
  methods: readonly Line[]
  note: string
}
type Line = { label: string; points: readonly { rows: number; mean: number; ci95: [number, number] | null }[] }

/** Error against the number of training rows per task: up to how many rows sharing helps. */
export function curveSection(curves: RowCurves, language: Language): Markup | null {
  const { rows, methods, sharing, metric } = curves
  const t = (key: WordKey, params: Params = {}) => say(language, key, params)
  const nameOf = (key: string) => methods.find((own) => own.key === key)?.label ?? key
  return drawnSection({
    name: 'curve',
    title: t('curve.title', { metric: metricOf(metric)?.name ?? metric }),
    axis: t('curve.rows'),
    said: sharing.map((own) => {
      const { key, params } = endOf(own, nameOf)
      return t(key, params)
    }),
    note: t('curve.note', { interval: t(`interval.${curves.interval.rule}`, { n: curves.interval.n }) }),
    ...{ metric, rows, methods },
  })
}

export function drawnSection(drawn: Drawn): Markup | null {
  const { rows, methods, title } = drawn
  if (!methods.length || !rows.length) return null
  const halves = methods.flatMap(({ points }) => points.flatMap(({ ci95 }) => (ci95 ? [(ci95[1] - ci95[0]) / 2] : [])))
  const decimals = decimalsFor(median(halves) ?? 0)
  return html`<section class="curve">
    <h2>${title}</h2>
    ${drawn.said.map((text) => html`<p class="details">${text}</p>`)}
    <figure>${rows.length > 1 && chart(drawn, decimals)}</figure>
    <div class="wide">
      <table>
        <thead>
          <tr>
            <th scope="col">${drawn.axis}</th>
            ${rows.map((n) => html`<th scope="col" class="number">${n}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${methods.map(
            ({ label, points }) =>
              html`<tr>
                <th scope="row">${label}</th>
                ${rows.map((n) => {
                  const point = points.find((own) => own.rows === n)
                  const half = point?.ci95 && (point.ci95[1] - point.ci95[0]) / 2
                  return html`<td class="number">
                    ${written(point?.mean ?? null, decimals)}${half && html`<small>± ${written(half, decimals)}</small>`}
                  </td>`
                })}
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
    <p class="about">${drawn.note}</p>
  </section>`
}

/** Numbers of rows on a logarithmic axis. */
function chart({ name, title, axis: label, metric, rows, methods }: Drawn, decimals: number): Markup {
  const values = methods.flatMap(({ points }) => points.flatMap(({ mean, ci95 }) => [mean, ...(ci95 ?? [])]))
  const axis = axisOf(values, BOTTOM, TOP)
  const aside = (i: number) => BAR_STEP * (i - (methods.length - 1) / 2)
  const [from, to] = [Math.log(rows[0]), Math.log(rows[rows.length - 1])]
  const x = (n: number) => LEFT + INSET + ((Math.log(n) - from) / (to - from)) * (RIGHT - LEFT - 2 * INSET)
  return html`<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-labelledby="${name}-title ${name}-desc">
    <title id="${name}-title">${title}</title>
    <desc id="${name}-desc">
      ${methods.map(({ label, points }) => `${label}: ${points.map(({ rows: n, mean }) => `${n}: ${written(mean, decimals)}`).join(', ')}. `)}
    </desc>
    ${axis.ticks.map(
      (tick) =>
        html`<line class="grid" x1="${LEFT}" x2="${RIGHT}" y1="${axis.at(tick)}" y2="${axis.at(tick)}" /><text
            class="tick"
            x="${LEFT - 8}"
            y="${axis.at(tick) + 4}"
            text-anchor="end"
            >${written(tick, axis.decimals)}</text
          >`,
    )}
    ${rows.map((n) => html`<text class="tick" x="${x(n)}" y="${BOTTOM + 18}" text-anchor="middle">${n}</text>`)}
    <text class="axis" x="${LEFT}" y="${HEIGHT - 8}">${label} · ${metricOf(metric)?.name ?? metric}</text>
    ${methods.map(({ label, points }, i) => {
      const y = TOP + 10 + i * 20
      const colour = `var(--task-${i % COLOURS})`
      const style = `stroke:${colour};stroke-dasharray:${DASHES[i % DASHES.length]}`
      const path = points.map(
        ({ rows: n, mean }, k) => `${k ? 'L' : 'M'}${x(n).toFixed(1)} ${axis.at(mean).toFixed(1)}`,
      )
      const bars = points.flatMap(({ rows: n, ci95 }) =>
        ci95 ? [{ x: (x(n) + aside(i)).toFixed(1), from: axis.at(ci95[0]), to: axis.at(ci95[1]) }] : [],
      )
      return html`<g>
        ${bars.map((bar) => html`<line class="line bar" x1="${bar.x}" x2="${bar.x}" y1="${bar.from.toFixed(1)}" y2="${bar.to.toFixed(1)}" style="stroke:${colour}" />`)}
        <path class="line" d="${path.join('')}" style="${style}" />
        <line class="line" x1="${RIGHT + 20}" x2="${RIGHT + 46}" y1="${y}" y2="${y}" style="${style}" />
        <text class="tick" x="${RIGHT + 54}" y="${y + 4}">${short(label, 26)}</text>
      </g>`
    })}
  </svg>`
}
