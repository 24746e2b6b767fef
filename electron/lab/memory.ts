import type { Result } from '../../core/contract.ts'
import { cannot, summaryOf as summaryOfSet } from '../../core/expand.ts'
import type { DataRef, Evaluation } from '../../core/experiment.ts'
import { META_FEATURES, type Figures } from '../../core/metafeatures/catalogue.ts'
import { hitRate, LEAST, suggest, type Remembered, type Tried } from '../../core/metafeatures/memory.ts'
import type { TaskSetSummary } from '../../core/method.ts'
import { method, methods } from '../../core/methods.ts'
import { proposeMethods } from '../../core/propose.ts'
import { metricOf } from '../../core/stats/metrics.ts'
import type { Context, Handlers } from './context.ts'
import type { Ask } from './describe.ts'
import { resolve } from './experiments.ts'
import type { ExperimentRow, RunRow } from './workspace/records.ts'

/** The newest experiments that are remembered. */
const MOST = 100
const DRAFT = 'memory '

/** What worked on earlier data sets of this workspace; nothing of it leaves the machine. */
export function memoryCalls(c: Context, study: Ask): Handlers<'experiment.suggest'> {
  return {
    async 'experiment.suggest'({ spec: given }) {
      const spec = await resolve(c, given)
      if (spec.data.generator !== undefined) return { suggestion: null, rate: null, least: LEAST }
      const { set } = c.store.load(spec.data)
      const summary = summaryOfSet(set, spec.evaluation)
      const known = (await Promise.all(finished(c).map((row) => remembered(c, study, row)))).flatMap((own) => own ?? [])
      const asked = {
        hash: set.table.hash,
        question: questionOf(summary, spec.evaluation),
        features: await featuresOf(c, study, spec.data),
      }
      const able = (id: string) => methods.some((m) => m.id === id) && !cannot(method(id), summary, spec.evaluation)
      const found = suggest(known, asked, able)
      return {
        suggestion: found && {
          method: found.best.id,
          params: found.best.params,
          metric: found.from.metric,
          figure: found.best.figure,
          from: { name: found.from.name, experiment: found.from.experiment },
          alike: found.alike,
        },
        rate: hitRate(known.filter((own) => own.question === asked.question)),
        least: LEAST,
      } satisfies Result<'experiment.suggest'>
    },
  }
}

function finished(c: Context): ExperimentRow[] {
  return c.workspace.records
    .experiments()
    .filter(({ status, binned, spec }) => status === 'done' && !binned && spec.data.hash !== undefined)
    .slice(0, MOST)
}

async function remembered(c: Context, study: Ask, row: ExperimentRow): Promise<Remembered | null> {
  const runs = c.workspace.records.runs(row.id)
  const metric = runs.at(0)?.trialSpec.metrics[0]
  const definition = metric ? metricOf(metric) : null
  if (!metric || !definition) return null
  const tried = triedOf(runs, metric)
  if (tried.length < 2) return null
  try {
    const kept = await factsOf(c, study, row)
    const fitting = methods.filter((m) => !cannot(m, kept.summary, row.spec.evaluation)).map((m) => m.id)
    return {
      hash: row.dataHash,
      name: row.dataName,
      experiment: row.id,
      question: questionOf(kept.summary, row.spec.evaluation),
      features: kept.features,
      metric,
      better: definition.better,
      tried,
      proposed: proposeMethods(kept.summary, fitting, row.spec.evaluation).map(({ id }) => id),
    }
  } catch {
    // A data set that is damaged or gone advises nothing.
    return null
  }
}

/** Mean over folds of each method that finished all of them, with what it was set to. */
function triedOf(runs: RunRow[], metric: string): Tried[] {
  return [...new Set(runs.map((run) => run.methodKey))].flatMap((key) => {
    const own = runs.filter((run) => run.methodKey === key && run.fold !== 'all')
    const figures = own.map((run) => run.metrics[metric]?.value ?? NaN)
    const figure = figures.reduce((sum, value) => sum + value, 0) / figures.length
    if (!own.length || !Number.isFinite(figure)) return []
    const { id, params } = own[0].method
    const whole = runs.find((run) => run.methodKey === key && run.fold === 'all')
    return [{ id, params: { ...params, ...whole?.found?.tuned?.params }, figure }]
  })
}

/** What is asked: other methods win where tasks are places of one column than where they are columns side by side. */
function questionOf({ kinds, taskColumn }: TaskSetSummary, { protocol }: Evaluation): string {
  const kind = kinds.every((own) => own === 'regression') ? 'numbers' : 'classes'
  return `${kind} ${taskColumn ? 'by task' : 'side by side'} ${protocol === 'few-shot' ? 'few-shot' : 'rows'}`
}

type Facts = { summary: TaskSetSummary; features: Figures }

/** Worked out once per data set and roles, and kept in the workspace, so that no table is read again. */
async function factsOf(c: Context, study: Ask, { spec }: ExperimentRow): Promise<Facts> {
  const key = `${DRAFT}${JSON.stringify([spec.data.hash, spec.data.roles, spec.evaluation.protocol, spec.evaluation.ways])}`
  const kept = c.workspace.draft(key) as Facts | null
  if (kept) return kept
  const { set } = c.store.load(spec.data)
  const facts = { summary: summaryOfSet(set, spec.evaluation), features: await featuresOf(c, study, spec.data) }
  if (!c.workspace.readOnly) await c.workspace.setDraft(key, facts)
  return facts
}

/** Of a data set as a whole: the mean over its targets. */
async function featuresOf(c: Context, study: Ask, data: DataRef): Promise<Figures> {
  const wholes = (await study('describe', data, null)).filter(({ task }) => task === null)
  return Object.fromEntries(
    META_FEATURES.flatMap(({ name }) => {
      const own = wholes.flatMap(({ figures }) => figures[name] ?? [])
      return own.length ? [[name, own.reduce((sum, value) => sum + value, 0) / own.length]] : []
    }),
  )
}
