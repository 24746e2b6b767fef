import type { Comparison, Difference } from '../stats/comparison.ts'
import { decimalsFor, median, written } from '../stats/decimals.ts'
import { metricOf } from '../stats/metrics.ts'
import { say, type Language } from '../words/say.ts'
import { axisOf } from './axis.ts'
import { gridDown } from './gridDown.ts'
import { html, short, type Markup } from './html.ts'
import { taskMark } from './marks.ts'

const WIDTH = 760
const ROW = 26
const RIGHT = 470
const MOST = 24
const LETTER = 7.2
const MOST_LETTERS = 30

/** A second sign beside the colour of a call. */
export const CALL_SIGN = { helps: '▲', hurts: '▼', 'no-useful-difference': '≈', 'not-settled': '?' } as const

/** The pair's differences over all tasks and per task, as the report draws and lists them; in shares for mixed units. */
export function differencesOf(c: Comparison, pair: { method: string; against: string }) {
  const own = c.differences.filter((d) => d.method === pair.method && d.against === pair.against && d.effect !== null)
  const tasks = own.filter((d) => d.task !== null)
  const base = c.methods.find((m) => m.key === pair.against)
  // Targets in different units share an axis only as shares of what the baseline scores.
  const shares = tasks.length > 1 && c.warnings.some(({ code }) => code === 'mixed-units')
  const scaleOf = (d: Difference) =>
    shares ? 1 / (Math.abs((d.task === null ? base?.overall.mean : base?.perTask[d.task]?.mean) ?? 1) || 1) : 1
  const all = shares || tasks.length === 1 ? tasks : own
  const halves = all.flatMap((d) => (d.ci95 ? [((d.ci95[1] - d.ci95[0]) / 2) * scaleOf(d)] : []))
  return { all, shares, scaleOf, decimals: decimalsFor(median(halves) ?? 0) }
}

/** Dot and interval per task around the line of no difference, with the band of effects too small to matter. */
export function differencesChart(c: Comparison, pair: { method: string; against: string }, language: Language): Markup {
  const { all, shares, scaleOf, decimals } = differencesOf(c, pair)
  const overall = all.filter((d) => d.task === null)
  const tasks = all.filter((d) => d.task !== null)
  const strongest = [...tasks].sort(
    (a, b) => Math.abs((b.effect as number) * scaleOf(b)) - Math.abs((a.effect as number) * scaleOf(a)),
  )
  const kept = new Set(strongest.slice(0, MOST))
  const rows = [...overall, ...tasks.filter((d) => kept.has(d))]
  const values = rows.flatMap((d) =>
    [d.effect as number, ...(d.ci95 ?? []), d.smallest, -d.smallest].map((v) => v * scaleOf(d)),
  )
  const nameOf = (d: Difference) => d.task ?? say(language, 'report.all-tasks')
  const left = 38 + LETTER * Math.min(MOST_LETTERS, Math.max(12, ...rows.map((d) => [...nameOf(d)].length)))
  const axis = axisOf([0, ...values], left, RIGHT)
  const bottom = 22 + rows.length * ROW + 4
  const label = (key: string) => c.methods.find((m) => m.key === key)?.label ?? key
  const metric = metricOf(c.metric)?.name ?? c.metric
  const names = { method: label(pair.method), against: label(pair.against), metric }
  const range = (d: Difference) =>
    d.ci95
      ? say(language, 'interval.range', {
          low: written(d.ci95[0] * scaleOf(d), decimals, true),
          high: written(d.ci95[1] * scaleOf(d), decimals, true),
        })
      : ''
  const effect = (d: Difference) => written((d.effect as number) * scaleOf(d), decimals, true)
  const zero = axis.at(0)
  return html`<svg viewBox="0 0 ${WIDTH} ${bottom + 42}" role="img" aria-labelledby="effects-title effects-desc">
    <title id="effects-title">${names.method} – ${names.against}: ${metric}</title>
    <desc id="effects-desc">
      ${rows.map((d) => `${nameOf(d)}: ${effect(d)} (${range(d)}), ${say(language, `call.${d.call}`)}. `)}
    </desc>
    ${rows.map((d, i) => {
      const reach = d.smallest * scaleOf(d)
      const [x1, x2] = [axis.at(-reach), axis.at(reach)]
      return html`<rect class="band" x="${x1}" width="${x2 - x1}" y="${22 + i * ROW}" height="${ROW}" />`
    })}
    ${gridDown(axis, 22, bottom, true)}
    <line class="zero" x1="${zero}" x2="${zero}" y1="18" y2="${bottom}" />
    <text class="axis" x="${zero - 8}" y="12" text-anchor="end">${say(language, 'report.axis.worse')}</text>
    <text class="axis" x="${zero + 8}" y="12">${say(language, 'report.axis.better')}</text>
    <text class="axis" x="${left}" y="${bottom + 34}">
      ${shares ? say(language, 'report.axis.share', names) : metric}
    </text>
    ${rows.map((d, i) => {
      const y = 22 + i * ROW + ROW / 2
      const index = d.task === null ? -1 : c.tasks.findIndex((task) => task.id === d.task)
      const x = axis.at((d.effect as number) * scaleOf(d))
      return html`<g class="call-${d.call}${d.task === null ? ' overall' : ''}">
        <title>${nameOf(d)}: ${effect(d)} (${range(d)}), ${say(language, `call.${d.call}`)}</title>
        <text class="name" x="${index >= 0 ? 18 : 0}" y="${y + 4}">${short(nameOf(d), MOST_LETTERS)}</text>
        ${index >= 0 && taskMark(index, 5, y)}
        ${
          d.ci95 &&
          html`<line
            class="interval"
            x1="${axis.at(d.ci95[0] * scaleOf(d))}"
            x2="${axis.at(d.ci95[1] * scaleOf(d))}"
            y1="${y}"
            y2="${y}"
          />`
        }
        <circle class="dot" cx="${x}" cy="${y}" r="4.5" />
        <text class="range" x="${RIGHT + 126}" y="${y + 4}" text-anchor="end">${range(d)}</text>
        <text class="sign" x="${RIGHT + 148}" y="${y + 4}" text-anchor="middle">${CALL_SIGN[d.call]}</text>
        <text class="call" x="${RIGHT + 162}" y="${y + 4}">${say(language, `call.${d.call}`)}</text>
      </g>`
    })}
  </svg>`
}

/** How many tasks the chart leaves to the table. */
export function leftOut(c: Comparison, pair: { method: string; against: string }): number {
  return Math.max(0, differencesOf(c, pair).all.filter((d) => d.task !== null).length - MOST)
}
