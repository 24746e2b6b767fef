import type { ExperimentSpec } from '../experiment.ts'
import type { NetworkView } from '../method.ts'
import type { Comparison, Difference, Estimate } from '../stats/comparison.ts'
import { decimalsOf, written } from '../stats/decimals.ts'
import { metricOf } from '../stats/metrics.ts'
import type { ShotCurves } from '../stats/shotCurve.ts'
import type { RowCurves } from '../stats/rowCurve.ts'
import type { SideBySide } from '../stats/sideBySide.ts'
import { verdict } from '../stats/verdict.ts'
import { keyOf, say, type Language, type WordKey, type Params } from '../words/say.ts'
import { curveSection } from './curveSection.ts'
import { shotSection } from './shotSection.ts'
import { CALL_SIGN, differencesChart, differencesOf, leftOut } from './differencesChart.ts'
import { figuresChart } from './figuresChart.ts'
import type { Fingerprint } from './fingerprint.ts'
import { html, type Markup } from './html.ts'
import { networkFigure } from './networkFigure.ts'
import { STYLE } from './style.ts'
import { waysSection } from './waysSection.ts'

export type ReportInput = {
  comparison: Comparison
  /** One, or several side by side. */
  experiments: { spec: ExperimentSpec; fingerprint: Fingerprint }[]
  /** Names and sizes only: a report holds no rows of the data. */
  dataset: { name: string; rows: number; columns: number }
  /** The network of the method that the verdict is about, fitted on all rows; null where it has none. */
  network?: { method: string; view: NetworkView } | null
  /** Where the two experiments are one question asked with rows at random and with groups kept whole. */
  ways?: SideBySide | null
  /** Where every method was trained at several numbers of rows per task too. */
  curves?: RowCurves | null
  /** Where new tasks were tested at several numbers of labelled rows. */
  shots?: ShotCurves | null
  language: Language
  /** When it was written, as the caller wants it read. */
  now: string
}

const MOST_TASK_COLUMNS = 5

/** One self-contained HTML page: verdict, figures, differences, network, what to keep in mind, fingerprint. */
export function report(input: ReportInput): string {
  const { comparison: c, experiments, dataset, language } = input
  const name = experiments.map(({ spec }) => spec.name).join(' · ')
  const many = experiments.length > 1
  const t = (key: WordKey, params: Params = {}) => say(language, key, params)
  const said = verdict(c, language)
  const sentence = ({ key, params }: { key: WordKey; params: Params }) => t(key, params)
  const page = html`<html lang="${language}">
    <head>
      <meta charset="utf-8" />
      <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <title>${name} – Engram</title>
      <style>
        ${{ markup: STYLE }}
      </style>
    </head>
    <body>
      <main>
        <p class="over">
          <span>Engram · <b>${name}</b></span
          ><span>${input.now}</span>
        </p>
        <h1>${sentence(said.headline)}</h1>
        ${said.details.length > 0 && html`<p class="details">${said.details.map(sentence).join(language === 'zh' ? '' : ' ')}</p>`}
        <dl>
          <div>
            <dt>${t('report.data')}</dt>
            <dd>
              ${dataset.name}<small
                >${t('report.data.about', { rows: dataset.rows, columns: dataset.columns, tasks: c.tasks.length })}</small
              >
            </dd>
          </div>
          <div>
            <dt>${t('report.question')}</dt>
            ${experiments.map(({ spec }) => html`<dd>${question(spec, language)}${many && html`<small>${spec.name}</small>`}</dd>`)}
          </div>
          <div>
            <dt>${t('report.interval')}</dt>
            <dd>${t(`interval.${c.interval.rule}`, { n: c.interval.n })}</dd>
          </div>
        </dl>
        ${input.ways && waysSection(input.ways, language)} ${figures(c, language)}
        ${differences(c, said.about, language)} ${input.curves && curveSection(input.curves, language)}
        ${input.shots && shotSection(input.shots, language)} ${network(input)} ${notes(c, language)}
        <section class="print">
          <h2>${t('report.fingerprint')}</h2>
          <p class="about">${t('report.fingerprint.about')}</p>
          ${experiments.map(({ spec, fingerprint }) => html`${many && html`<h3>${spec.name}</h3>`}${print(fingerprint, language)}`)}
        </section>
        <footer>${t('report.written', { now: input.now, version: experiments[0].fingerprint.version })}</footer>
      </main>
    </body>
  </html>`
  return `<!doctype html>\n${page.markup}\n`
}

function print(fingerprint: Fingerprint, language: Language): Markup {
  const line = (key: WordKey, value: string) =>
    html`<dt>${say(language, key)}</dt>
      <dd><code>${value}</code></dd>`
  return html`<dl class="print">
    ${line('report.fingerprint.all', grouped(fingerprint.all))}
    ${line('report.fingerprint.data', grouped(fingerprint.data))}
    ${line('report.fingerprint.spec', grouped(fingerprint.spec))}
    ${line('report.fingerprint.runtime', fingerprint.runtime)}
    ${line('report.fingerprint.version', `Engram ${fingerprint.version}`)}
  </dl>`
}

/** Hashes in groups of eight, which people can compare. */
const grouped = (hash: string) => (/^[0-9a-f]{16,}$/.test(hash) ? (hash.match(/.{1,8}/g) as string[]).join(' ') : hash)

export function question(spec: ExperimentSpec, language: Language): string {
  const { group, task } = spec.data.roles ?? {}
  const asked = split(spec, language)
  const alone = ['k-fold', 'holdout'].includes(spec.evaluation.protocol)
  return group && group !== task && alone ? say(language, 'protocol.grouped', { question: asked, group }) : asked
}

function split({ evaluation }: ExperimentSpec, language: Language): string {
  const { protocol, folds, repeats, shots, testFolds } = evaluation
  if (testFolds)
    return say(language, 'protocol.given', { folds: Array.isArray(testFolds) ? testFolds.length : testFolds })
  const asked = say(language, `protocol.${protocol}`, { folds, shots })
  return repeats > 1 ? say(language, 'protocol.repeated', { question: asked, repeats }) : asked
}

function figures(c: Comparison, language: Language): Markup | null {
  if (c.methods.every((m) => m.overall.mean === null)) return null
  const t = (key: WordKey, params: Params = {}) => say(language, key, params)
  const decimals = decimalsOf(c)
  const tasks = c.tasks.length > 1 && c.tasks.length <= MOST_TASK_COLUMNS ? c.tasks : []
  const cell = (e: Estimate | undefined) =>
    html`<td class="number">
      ${written(e?.mean ?? null, decimals)}${
        e?.ci95 &&
        html`<small
          >${t('interval.range', { low: written(e.ci95[0], decimals), high: written(e.ci95[1], decimals) })}</small
        >`
      }
    </td>`
  return html`<section>
    <h2>${t('report.figures')}</h2>
    <p class="about">
      ${t('report.figures.about', {
        metric: metricOf(c.metric)?.name ?? c.metric,
        better: t(`report.better.${c.better}`),
      })}
    </p>
    <figure>${figuresChart(c, language)}</figure>
    <div class="wide">
      <table class="figures">
        <thead>
          <tr>
            <th scope="col">${t('report.method')}</th>
            <th scope="col" class="number">${t('report.overall')}</th>
            ${tasks.map((task) => html`<th scope="col" class="number">${task.id}</th>`)}
            <th scope="col" class="number">${t('report.runs')}</th>
            <th scope="col" class="number">${t('report.time')}</th>
            <th scope="col" class="number">${t('report.parameters')}</th>
          </tr>
        </thead>
        <tbody>
          ${c.methods.map(
            (m) =>
              html`<tr class="${m.role}">
                <th scope="row">${m.label}<small>${t(`role.${m.role}`)}</small></th>
                ${cell(m.overall)} ${tasks.map((task) => cell(m.perTask[task.id]))}
                <td class="number">${m.runs.done}</td>
                <td class="number">${m.seconds === null ? '—' : t('report.seconds', { n: seconds(m.seconds) })}</td>
                <td class="number">${m.parameters ?? '—'}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </section>`
}

const seconds = (value: number) => (value < 10 ? value.toFixed(1) : Math.round(value).toString())

type Pair = { method: string; against: string }

function differences(c: Comparison, about: Pair | null, language: Language): Markup | null {
  if (!about || !differencesOf(c, about).all.length) return null
  const t = (key: WordKey, params: Params = {}) => say(language, key, params)
  const label = (key: string) => c.methods.find((m) => m.key === key)?.label ?? key
  const method = c.methods.find((m) => m.key === about.method)
  const more = leftOut(c, about)
  const others = c.differences.filter((d) => d.method !== about.method || d.against !== about.against)
  return html`<section>
    <h2>${t(method?.together ? 'report.differences' : 'report.differences.plain')}</h2>
    <p class="about">
      ${t('report.differences.about', { method: label(about.method), against: label(about.against) })}
      ${more > 0 && t('report.tasks.more', { n: more })}
    </p>
    <figure>${differencesChart(c, about, language)}</figure>
    <details>
      <summary>${t('report.table')}</summary>
      <div class="wide">${differenceTable(c, about, language)}</div>
    </details>
    ${
      others.length > 0 &&
      html`<details>
        <summary>${t('report.others')}</summary>
        <div class="wide">${otherPairs(c, others, language)}</div>
      </details>`
    }
  </section>`
}

const callCell = (d: Difference, language: Language) =>
  html`<td class="call-${d.call}">${CALL_SIGN[d.call]} ${say(language, `call.${d.call}`)}</td>`

/** What the chart draws, row for row, and the tasks it has no room for. */
function differenceTable(c: Comparison, about: Pair, language: Language): Markup {
  const { all, scaleOf, decimals } = differencesOf(c, about)
  const figure = (value: number | null, d: Difference) =>
    html`<td class="number">${written(value === null ? null : value * scaleOf(d), decimals, true)}</td>`
  return tableOf(
    language,
    ['report.task', 'report.raw', 'report.effect', 'report.interval', 'report.call'],
    all.map(
      (d) =>
        html`<tr>
          <th scope="row">${d.task ?? say(language, 'report.all-tasks')}</th>
          ${figure(d.raw, d)} ${figure(d.effect, d)}
          <td class="number">${range(d, scaleOf(d), decimals, language)}</td>
          ${callCell(d, language)}
        </tr>`,
    ),
  )
}

function otherPairs(c: Comparison, others: Difference[], language: Language): Markup {
  const label = (key: string) => c.methods.find((m) => m.key === key)?.label ?? key
  return tableOf(
    language,
    ['report.method', 'report.against', 'report.task', 'report.effect', 'report.interval', 'report.call'],
    others.map((d) => {
      const { scaleOf, decimals } = differencesOf(c, d)
      return html`<tr>
        <th scope="row">${label(d.method)}</th>
        <td>${label(d.against)}</td>
        <td>${d.task ?? say(language, 'report.all-tasks')}</td>
        <td class="number">${written(d.effect === null ? null : d.effect * scaleOf(d), decimals, true)}</td>
        <td class="number">${range(d, scaleOf(d), decimals, language)}</td>
        ${callCell(d, language)}
      </tr>`
    }),
  )
}

function range(d: Difference, scale: number, decimals: number, language: Language): string {
  if (!d.ci95) return '—'
  const [low, high] = d.ci95.map((value) => written(value * scale, decimals, true))
  return say(language, 'interval.range', { low, high })
}

const NUMBERS: WordKey[] = ['report.raw', 'report.effect', 'report.interval']

function tableOf(language: Language, columns: WordKey[], rows: Markup[]): Markup {
  return html`<table>
    <thead>
      <tr>
        ${columns.map((key) => html`<th scope="col" class="${NUMBERS.includes(key) ? 'number' : ''}">${say(language, key)}</th>`)}
      </tr>
    </thead>
    <tbody>
      ${rows}
    </tbody>
  </table>`
}

function network({ network: given, comparison, language }: ReportInput): Markup | null {
  if (!given) return null
  const tasks = comparison.tasks.map((task) => task.id)
  const { figure, caption, table } = networkFigure({ network: given.view, method: given.method, tasks, language })
  return html`<section>
    <h2>${say(language, 'report.network')}</h2>
    <p class="about">${caption}</p>
    <figure>${figure}</figure>
    <details>
      <summary>${say(language, 'report.table')}</summary>
      <div class="wide">${table}</div>
    </details>
  </section>`
}

function notes(c: Comparison, language: Language): Markup | null {
  if (!c.warnings.length) return null
  return html`<section>
    <h2>${say(language, 'report.know')}</h2>
    <ul>
      ${c.warnings.map((w) => html`<li>${w.params ? say(language, keyOf(`warning.${w.code}`), w.params) : w.text}</li>`)}
    </ul>
  </section>`
}
