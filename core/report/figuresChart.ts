import type { Comparison } from '../stats/comparison.ts'
import { decimalsOf, written } from '../stats/decimals.ts'
import { metricOf } from '../stats/metrics.ts'
import type { Language } from '../words/say.ts'
import { say } from '../words/say.ts'
import { axisOf } from './axis.ts'
import { gridDown } from './gridDown.ts'
import { textWidth } from './columns.ts'
import { html, short, type Markup } from './html.ts'

const WIDTH = 760
const ROW = 28
const RIGHT = 560
/** Of half an East Asian letter, bold; and how many of them a name may take. */
const LETTER = 7.4
const MOST_LETTERS = 46

const fitting = (label: string) => short(label, Math.floor((MOST_LETTERS * [...label].length) / textWidth(label)))

/** One dot and interval per method over all tasks; filled for what the person chose, hollow for what it is measured by. */
export function figuresChart(comparison: Comparison, language: Language): Markup {
  const methods = comparison.methods.filter((m) => m.overall.mean !== null)
  const metric = metricOf(comparison.metric)?.name ?? comparison.metric
  const decimals = decimalsOf(comparison)
  const values = methods.flatMap((m) => [m.overall.mean as number, ...(m.overall.ci95 ?? [])])
  // Room for the longest name, within reason.
  const left = 16 + LETTER * Math.min(MOST_LETTERS, Math.max(16, ...methods.map((m) => textWidth(m.label))))
  const axis = axisOf(values, left, RIGHT)
  const bottom = methods.length * ROW + 8
  const range = (ci: [number, number] | null) =>
    ci ? say(language, 'interval.range', { low: written(ci[0], decimals), high: written(ci[1], decimals) }) : ''
  return html`<svg viewBox="0 0 ${WIDTH} ${bottom + 44}" role="img" aria-labelledby="figures-title figures-desc">
    <title id="figures-title">${say(language, 'report.figures')}: ${metric}</title>
    <desc id="figures-desc">
      ${methods.map((m) => `${m.label}: ${written(m.overall.mean, decimals)} (${range(m.overall.ci95)}). `)}
    </desc>
    ${gridDown(axis, 0, bottom)}
    <text class="axis" x="${left}" y="${bottom + 36}">${metric}</text>
    ${methods.map((m, i) => {
      const y = i * ROW + ROW / 2 + 4
      const { mean, ci95 } = m.overall
      return html`<g class="role-${m.role}">
        <title>${m.label}: ${written(mean, decimals)} ${range(ci95)}</title>
        <text class="name" x="0" y="${y + 4}">${fitting(m.label)}</text>
        ${ci95 && html`<line class="interval" x1="${axis.at(ci95[0])}" x2="${axis.at(ci95[1])}" y1="${y}" y2="${y}" />`}
        <circle class="dot" cx="${axis.at(mean as number)}" cy="${y}" r="5" />
        <text class="value" x="${RIGHT + 76}" y="${y + 4}" text-anchor="end">${written(mean, decimals)}</text>
        <text class="range" x="${WIDTH}" y="${y + 4}" text-anchor="end">${range(ci95)}</text>
      </g>`
    })}
  </svg>`
}
