import { asBothWays, keptWhole } from '../../core/bothWays.ts'
import { classesAreTasks } from '../../core/data/classParts.ts'
import { usedRows } from '../../core/data/fold.ts'
import { measuredTasks } from '../../core/data/measuredTasks.ts'
import { methods } from '../../core/methods.ts'
import { fingerprintOf } from '../../core/report/fingerprint.ts'
import { report } from '../../core/report/report.ts'
import type { Comparison } from '../../core/stats/comparison.ts'
import { sideBySide } from '../../core/stats/sideBySide.ts'
import { verdict } from '../../core/stats/verdict.ts'
import type { Language } from '../../core/words/say.ts'
import type { Question } from './analyse.ts'
import { findingsFor } from './checks.ts'
import type { Context, Handlers } from './context.ts'
import { needExperiment } from './experiments.ts'
import { trainedModel } from './models.ts'
import { curvesOf, hasCurve } from './rows.ts'
import { hasShots, shotsOf } from './shots.ts'
import { isOneFit, summaryOf } from './queue/active.ts'
import { VERSION } from './version.ts'
import type { ExperimentRow } from './workspace/records.ts'

type Calls = 'experiment.compare' | 'experiment.report'
type Asked = { ids: string[]; metric?: string; baseline?: string }

const ENDED = ['done', 'stopped', 'failed']
/** Comparisons kept: the same question while nothing new has come costs nothing. */
const KEPT = 8

export function comparisonCalls(c: Context): Handlers<Calls> {
  const { workspace } = c
  const { records } = workspace
  const kept = new Map<string, Promise<Comparison>>()
  /** Hashes of predictions that the analyst was given. */
  const given = new Set<string>()

  function compareAll(asked: Asked, look: boolean): Promise<Comparison> {
    const rows = [...new Set(asked.ids)].map((id) => needExperiment(c, id))
    const open = rows.filter((row) => !ENDED.includes(row.status))
    const state = rows.map((row) => [row.id, row.name, row.status, records.counts(row.id)])
    const key = JSON.stringify([asked.metric, asked.baseline, state])
    const known = kept.get(key)
    if (known) return known
    if (look && open.length && !workspace.readOnly)
      void workspace.writer.add(() => open.forEach((row) => records.look(row.id))).catch(() => {})
    const looks = Math.max(...rows.map((row) => row.looks)) + (look && open.length ? 1 : 0)
    const comparison = ask(questionOf(c, rows, asked, looks)).then((said) => withDataWarnings(said, rows))
    kept.set(key, comparison)
    comparison.catch(() => kept.delete(key))
    if (kept.size > KEPT) kept.delete(kept.keys().next().value as string)
    return comparison
  }

  /** What is odd about the data itself is said beside every figure made from it. */
  async function withDataWarnings(said: Comparison, rows: ExperimentRow[]): Promise<Comparison> {
    const found = (await Promise.all(rows.map(({ spec }) => findingsFor(c, spec.data, spec.evaluation)))).flat()
    const leaks = found.filter(({ weight, code }) => weight === 'leak' || code === 'more-features-than-rows')
    const once = new Map(leaks.map(({ code, text, params }) => [text, { code, text, params }]))
    return { ...said, warnings: [...said.warnings, ...once.values()] }
  }

  async function ask(question: Omit<Question, 'fresh'>, again = false): Promise<Comparison> {
    const hashes = [...new Set(question.predictions.values())].filter((hash) => again || !given.has(hash))
    const fresh = hashes.map((hash) => ({ hash, bytes: workspace.blobs.need(hash) }))
    const answer = await c.pool.analyse({ ...question, fresh })
    for (const hash of hashes) given.add(hash)
    if ('comparison' in answer) return answer.comparison
    if (again) throw new Error('internal: the analyst forgets what it is told')
    return ask(question, true)
  }

  /** One question asked both ways, where the two experiments are that. */
  async function waysOf(rows: ExperimentRow[], language: Language) {
    const ways = rows.length === 2 ? asBothWays(rows[0], rows[1]) : null
    if (!ways) return null
    const [random, whole] = await Promise.all(
      [ways.random, ways.whole].map(({ id }) => compareAll({ ids: [id] }, false)),
    )
    return random.metric === whole.metric ? sideBySide(random, whole, keptWhole(ways.whole.spec) ?? '', language) : null
  }

  return {
    'experiment.compare': (asked) => compareAll(asked, true),

    async 'experiment.report'({ ids, language, labels }) {
      const rows = [...new Set(ids)].map((id) => needExperiment(c, id))
      const named = <T extends { methods: { key: string; label: string }[] }>(own: T): T => ({
        ...own,
        methods: own.methods.map((method) => ({ ...method, label: labels[method.key] ?? method.label })),
      })
      const comparison = named(await compareAll({ ids }, false))
      const [row] = rows
      const { set } = c.store.load(row.spec.data)
      const html = report({
        comparison,
        experiments: rows.map(({ id, name, spec, dataHash }) => {
          const runtime = records.runs(id).find((run) => run.runtime)?.runtime ?? 'none'
          // The name may have been changed since.
          return { spec: { ...spec, name }, fingerprint: fingerprintOf({ dataHash, spec, runtime, version: VERSION }) }
        }),
        dataset: { name: row.dataName, rows: set.table.rows, columns: set.table.columns.length },
        network: await networkFor(c, comparison),
        ways: await waysOf(rows, language),
        curves: rows.length === 1 && hasCurve(row.spec) ? named(curvesOf(c, row.id, comparison.metric)) : null,
        shots: rows.length === 1 && hasShots(row.spec) ? named(shotsOf(c, row.id, comparison.metric)) : null,
        language,
        now: new Date().toLocaleDateString(language === 'zh' ? 'zh-CN' : 'en-GB', { dateStyle: 'long' }),
      })
      return { html }
    },
  }
}

/** The network of the method that the verdict is about, fitted on every row, where there is one. */
async function networkFor(c: Context, comparison: Comparison) {
  const about = verdict(comparison).about
  const method = comparison.methods.find((figures) => figures.key === about?.method)
  if (!method?.allRun) return null
  const view = (await trainedModel(c, method.allRun)).model.network?.()
  return view ? { method: method.label, view } : null
}

function questionOf(c: Context, rows: ExperimentRow[], asked: Asked, looks: number): Omit<Question, 'fresh'> {
  const experiments = rows.map(({ id, name, dataHash, spec }) => {
    const { set } = c.store.load(spec.data)
    const runs = c.workspace.records.runs(id).map(summaryOf).filter(isOneFit)
    // Each keeps its own groups together: rows of one, whole groups of another.
    return { id, name, dataHash, spec, runs, blocks: set.blocks, rows: usedRows(set).length }
  })
  const { set } = c.store.load(rows[0].spec.data)
  const predictions = new Map<string, string>()
  for (const { runs } of experiments)
    for (const { id, blobs } of runs) if (blobs.predictions) predictions.set(id, blobs.predictions)
  return {
    experiments,
    tasks: set.generator || classesAreTasks(set, rows[0].spec.evaluation) ? [] : measuredTasks(set),
    predictions,
    metric: asked.metric,
    baseline: asked.baseline,
    looks,
    names: Object.fromEntries(methods.map((m) => [m.id, m.name])),
  }
}
