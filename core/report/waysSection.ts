import { decimalsFor, median, written } from '../stats/decimals.ts'
import { metricOf } from '../stats/metrics.ts'
import type { SideBySide } from '../stats/sideBySide.ts'
import { say, type Language, type Params, type WordKey } from '../words/say.ts'
import { html, type Markup } from './html.ts'

type Figure = { mean: number | null; ci95: [number, number] | null }

/** Rows at random beside groups kept whole: what it means, and each method both ways. */
export function waysSection(side: SideBySide, language: Language): Markup | null {
  if (!side.rows.length) return null
  const t = (key: WordKey, params: Params = {}) => say(language, key, params)
  const halves = side.rows.flatMap(({ random, whole }) =>
    [random, whole].flatMap(({ ci95 }) => (ci95 ? [(ci95[1] - ci95[0]) / 2] : [])),
  )
  const decimals = decimalsFor(median(halves) ?? 0)
  const cell = ({ mean, ci95 }: Figure, signed = false) =>
    html`<td class="number">
      ${written(mean, decimals, signed)}${
        ci95 &&
        html`<small
          >${t('interval.range', {
            low: written(ci95[0], decimals, signed),
            high: written(ci95[1], decimals, signed),
          })}</small
        >`
      }
    </td>`
  const heads = [t('report.ways.random'), t('report.ways.whole'), t('report.ways.flatters')]
  return html`<section class="ways">
    <h2>${t('report.ways')}</h2>
    <p class="details">${side.sentences.map(({ key, params }) => t(key, params)).join(language === 'zh' ? '' : ' ')}</p>
    <div class="wide">
      <table>
        <thead>
          <tr>
            <th scope="col">${t('report.method')}, ${metricOf(side.metric)?.name ?? side.metric}</th>
            ${heads.map((head) => html`<th scope="col" class="number">${head}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${side.rows.map(
            ({ label, random, whole, flatters }) =>
              html`<tr>
                <th scope="row">${label}</th>
                ${cell(random)} ${cell(whole)}
                ${cell({ mean: flatters?.by ?? null, ci95: flatters?.ci95 ?? null }, true)}
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
    <p class="about">
      ${t('report.ways.note', {
        random: t(`interval.${side.random.rule}`, { n: side.random.n }),
        whole: t(`interval.${side.whole.rule}`, { n: side.whole.n }),
      })}
    </p>
  </section>`
}
